import java.net.InetAddress;
import org.apache.hadoop.yarn.api.records.FinalApplicationStatus;
import org.apache.hadoop.yarn.api.records.Priority;
import org.apache.hadoop.yarn.api.records.Resource;
import org.apache.hadoop.yarn.client.api.AMRMClient;
import org.apache.hadoop.yarn.client.api.AMRMClient.ContainerRequest;
import org.apache.hadoop.yarn.conf.YarnConfiguration;

/** A well-behaved application: SECONDS PROGRESS CONTAINERS MEMORY_MB. */
public final class ApplicationMaster {
  public static void main(String[] args) throws Exception {
    long end = System.nanoTime() + (long) (Double.parseDouble(args[0]) * 1e9);
    float progress = Float.parseFloat(args[1]);
    AMRMClient<ContainerRequest> client = AMRMClient.createAMRMClient();
    client.init(new YarnConfiguration());
    client.start();
    client.registerApplicationMaster(
        InetAddress.getLoopbackAddress().getHostName(), 0, "http://localhost:9/");
    for (int i = 0; i < Integer.parseInt(args[2]); i++) {
      Resource size = Resource.newInstance(Integer.parseInt(args[3]), 1);
      client.addContainerRequest(new ContainerRequest(size, null, null, Priority.newInstance(1)));
    }
    System.out.println("registered");
    while (System.nanoTime() < end) {
      client.allocate(progress);
      Thread.sleep(200);
    }
    client.unregisterApplicationMaster(FinalApplicationStatus.SUCCEEDED, "done", "");
    System.exit(0);
  }
}
