import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.ha.HAServiceProtocol;
import org.apache.hadoop.ha.HAServiceProtocol.HAServiceState;
import org.apache.hadoop.ha.HAServiceProtocol.RequestSource;
import org.apache.hadoop.ha.HAServiceProtocol.StateChangeRequestInfo;
import org.apache.hadoop.hdfs.DistributedFileSystem;
import org.apache.hadoop.hdfs.HdfsConfiguration;
import org.apache.hadoop.hdfs.protocol.HdfsConstants.DatanodeReportType;
import org.apache.hadoop.hdfs.protocol.HdfsConstants.SafeModeAction;
import org.apache.hadoop.hdfs.server.datanode.DataNode;
import org.apache.hadoop.hdfs.server.namenode.NameNode;
import org.apache.hadoop.metrics2.lib.DefaultMetricsSystem;
import org.apache.hadoop.security.SecurityUtil;
import org.apache.hadoop.security.UserGroupInformation;
import org.apache.hadoop.yarn.api.ApplicationClientProtocol;
import org.apache.hadoop.yarn.api.protocolrecords.GetClusterMetricsRequest;
import org.apache.hadoop.yarn.client.ClientRMProxy;
import org.apache.hadoop.yarn.client.RMHAServiceTarget;
import org.apache.hadoop.yarn.conf.HAUtil;
import org.apache.hadoop.yarn.conf.YarnConfiguration;
import org.apache.hadoop.yarn.server.nodemanager.NodeManager;
import org.apache.hadoop.yarn.server.resourcemanager.ResourceManager;

/**
 * Runs any of a cluster's daemons in one JVM, then prepares the cluster for its users.
 *
 * <p>Arguments: a working folder for marker files, a comma separated list of roles, and
 * {@code key=value} settings on top of the *-site.xml of the class path. Roles: namenode, datanode,
 * resourcemanager and nodemanager run until the process is ended; seed waits until HDFS and YARN
 * take work, makes home directories, loads the sample data and writes the file {@code ready};
 * activate:ID makes one ResourceManager of a pair the active one.
 *
 * <p>Settings of our own: sandbox.name is this JVM's name, and started-NAME the file that says its
 * daemons run; sandbox.jvms are the names of all JVMs of the cluster; sandbox.users get homes;
 * sandbox.sample is the local folder that becomes /data, and sandbox.private the FILE:OWNER in it
 * that nobody else may read.
 *
 * <p>A failure is one line on standard output beginning with {@code sandbox:}, and exit status 1.
 */
public final class Launcher {
  private final Path folder;
  private final List<String> roles;
  private final Map<String, String> settings = new LinkedHashMap<>();
  private final long started = System.nanoTime();

  private Launcher(String[] args) {
    folder = Paths.get(args[0]);
    roles = Arrays.asList(args[1].split(","));
    for (String setting : Arrays.copyOfRange(args, 2, args.length)) {
      int equals = setting.indexOf('=');
      settings.put(setting.substring(0, equals), setting.substring(equals + 1));
    }
  }

  public static void main(String[] args) throws InterruptedException {
    // Every daemon wants to register metrics under the same names.
    DefaultMetricsSystem.setMiniClusterMode(true);
    // The daemons' own shutdown hooks wait for each other; nothing they would save is needed.
    Runtime.getRuntime().addShutdownHook(new Thread(() -> Runtime.getRuntime().halt(0)));
    new Launcher(args).run();
  }

  private void run() throws InterruptedException {
    Thread hdfs = thread("hdfs", this::startHdfs);
    Thread yarn = thread("yarn", this::startYarn);
    hdfs.join();
    if (roles.contains("resourcemanager") && roles.contains("seed")) {
      // The start of a NodeManager, maybe one in this JVM, waits for an active ResourceManager.
      attempt("activate", () -> activateAny(configure(new YarnConfiguration())));
    }
    yarn.join();
    attempt("marker", () -> Files.write(folder.resolve("started-" + settings.get("sandbox.name")),
        new byte[0]));
    boolean daemons = false;
    for (String role : roles) {
      if (role.equals("seed")) {
        attempt("seed", () -> {
          // After a broken-off start two JVMs may be about it; the second finds all done.
          try (FileChannel file = FileChannel.open(folder.resolve("seed.lock"),
              StandardOpenOption.CREATE, StandardOpenOption.WRITE); FileLock lock = file.lock()) {
            seed();
          }
        });
      } else if (role.startsWith("activate:")) {
        attempt("activate", () -> activate(role.substring("activate:".length())));
      } else {
        daemons = true;
      }
    }
    if (daemons) {
      Thread.currentThread().join();
    }
    System.exit(0);
  }

  private void startHdfs() throws Exception {
    if (roles.contains("namenode")) {
      attempt("namenode", () -> {
        HdfsConfiguration conf = configure(new HdfsConfiguration());
        Path formatted = folder.resolve("formatted");
        if (!Files.exists(formatted)) {
          NameNode.format(conf);
          Files.createFile(formatted);
        }
        NameNode namenode = NameNode.createNameNode(new String[0], conf);
        watch("namenode", namenode::join);
      });
    }
    if (roles.contains("datanode")) {
      attempt("datanode", () -> {
        DataNode datanode =
            DataNode.createDataNode(new String[0], configure(new HdfsConfiguration()));
        watch("datanode", () -> {
          while (datanode.isDatanodeUp()) {
            Thread.sleep(500);
          }
        });
      });
    }
  }

  private void startYarn() throws Exception {
    if (roles.contains("resourcemanager")) {
      attempt("resourcemanager", () -> {
        ResourceManager manager = new ResourceManager();
        manager.init(configure(new YarnConfiguration()));
        manager.start();
      });
    }
    if (roles.contains("nodemanager")) {
      attempt("nodemanager", () -> {
        NodeManager manager = new NodeManager();
        manager.init(configure(new YarnConfiguration()));
        manager.start();
      });
    }
  }

  /** Waits until the cluster takes work and gives every user a home. */
  private void seed() throws Exception {
    YarnConfiguration conf = configure(new YarnConfiguration(new HdfsConfiguration()));
    if (!roles.contains("namenode")) {
      UserGroupInformation.setConfiguration(conf);
      SecurityUtil.login(conf, "dfs.namenode.keytab.file", "dfs.namenode.kerberos.principal");
    }
    double hdfsReady = until(() -> {
      // A new client each time: one that was refused keeps what it learned.
      try (FileSystem fs = FileSystem.newInstance(conf)) {
        DistributedFileSystem hdfs = (DistributedFileSystem) fs;
        return hdfs.getDataNodeStats(DatanodeReportType.LIVE).length > 0
            && !hdfs.setSafeMode(SafeModeAction.SAFEMODE_GET)
            && writable(hdfs);
      }
    });
    try (FileSystem fs = FileSystem.newInstance(conf)) {
      home(fs);
      sample(fs);
      privateFiles(fs);
    }
    double seeded = seconds();
    activateAny(conf);
    // The ResourceManager may still count a NodeManager that was killed a moment ago.
    until(() -> Arrays.stream(settings.get("sandbox.jvms").split(" "))
        .allMatch(name -> Files.exists(folder.resolve("started-" + name))));
    ApplicationClientProtocol yarn =
        ClientRMProxy.createRMProxy(conf, ApplicationClientProtocol.class);
    double yarnReady = until(() -> yarn.getClusterMetrics(GetClusterMetricsRequest.newInstance())
        .getClusterMetrics().getNumNodeManagers() > 0);
    Path ready = folder.resolve("ready.new");
    String text = String.format("HDFS %.1f s, data %.1f s, YARN %.1f s",
        hdfsReady, seeded, yarnReady);
    Files.write(ready, text.getBytes(StandardCharsets.UTF_8));
    Files.move(ready, folder.resolve("ready"), StandardCopyOption.ATOMIC_MOVE);
  }

  /** The NameNode goes on counting a dead DataNode for a while; only work shows the truth. */
  private static boolean writable(FileSystem fs) throws IOException {
    org.apache.hadoop.fs.Path probe = new org.apache.hadoop.fs.Path("/.sandbox-probe");
    try (FSDataOutputStream stream = fs.create(probe, true)) {
      stream.write(1);
    }
    return fs.delete(probe, false);
  }

  private void home(FileSystem fs) throws IOException {
    make(fs, "/user", "755", null, null);
    make(fs, "/tmp", "1777", null, null);
    for (String user : settings.getOrDefault("sandbox.users", "").split(" ")) {
      make(fs, "/user/" + user, "750", user, user);
    }
  }

  private void make(FileSystem fs, String name, String mode, String owner, String group)
      throws IOException {
    org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(name);
    if (!fs.exists(path)) {
      fs.mkdirs(path);
      fs.setPermission(path, new FsPermission(mode));
    }
    if (owner != null && !fs.getFileStatus(path).getOwner().equals(owner)) {
      fs.setOwner(path, owner, group);
    }
  }

  /** Loads the folder sandbox.sample as /data, whole or not at all. */
  private void sample(FileSystem fs) throws IOException {
    org.apache.hadoop.fs.Path target = new org.apache.hadoop.fs.Path("/data");
    if (fs.exists(target)) {
      return;
    }
    org.apache.hadoop.fs.Path partial = new org.apache.hadoop.fs.Path("/tmp/.data-loading");
    fs.delete(partial, true);
    fs.mkdirs(partial);
    for (File file : new File(settings.get("sandbox.sample")).listFiles()) {
      if (!owners().containsKey(file.getName())) {
        fs.copyFromLocalFile(new org.apache.hadoop.fs.Path(file.toURI()), partial);
      }
    }
    open(fs, partial);
    fs.rename(partial, target);
  }

  /** Puts the files that only one person may read into /data; never open, not even for a moment. */
  private void privateFiles(FileSystem fs) throws IOException {
    for (Map.Entry<String, String> file : owners().entrySet()) {
      org.apache.hadoop.fs.Path target =
          new org.apache.hadoop.fs.Path("/data", file.getKey());
      if (!fs.exists(target)) {
        org.apache.hadoop.fs.Path partial =
            new org.apache.hadoop.fs.Path("/user/" + file.getValue(), "." + file.getKey());
        File source = new File(settings.get("sandbox.sample"), file.getKey());
        fs.copyFromLocalFile(
            false, true, new org.apache.hadoop.fs.Path(source.toURI()), partial);
        fs.setPermission(partial, new FsPermission("600"));
        fs.setOwner(partial, file.getValue(), file.getValue());
        fs.rename(partial, target);
      }
    }
  }

  private Map<String, String> owners() {
    Map<String, String> owners = new LinkedHashMap<>();
    for (String entry : settings.get("sandbox.private").split(" ")) {
      owners.put(entry.substring(0, entry.indexOf(':')), entry.substring(entry.indexOf(':') + 1));
    }
    return owners;
  }

  private void open(FileSystem fs, org.apache.hadoop.fs.Path path) throws IOException {
    FileStatus status = fs.getFileStatus(path);
    fs.setPermission(path, new FsPermission(status.isDirectory() ? "755" : "644"));
    if (status.isDirectory()) {
      for (FileStatus child : fs.listStatus(path)) {
        open(fs, child.getPath());
      }
    }
  }

  /** Makes the first ResourceManager of a pair active unless one is. */
  private void activateAny(YarnConfiguration conf) throws Exception {
    if (!HAUtil.isHAEnabled(conf)) {
      return;
    }
    until(() -> {
      List<String> answering = new ArrayList<>();
      for (String id : HAUtil.getRMHAIds(conf)) {
        try {
          if (admin(conf, id).getServiceStatus().getState() == HAServiceState.ACTIVE) {
            return true;
          }
          answering.add(id);
        } catch (IOException down) {
          System.out.println("ResourceManager " + id + " does not answer yet: " + down);
        }
      }
      if (answering.size() < HAUtil.getRMHAIds(conf).size()) {
        return false;
      }
      transition(conf, answering.get(0));
      return true;
    });
  }

  private void activate(String id) throws Exception {
    YarnConfiguration conf = configure(new YarnConfiguration(new HdfsConfiguration()));
    UserGroupInformation.setConfiguration(conf);
    SecurityUtil.login(conf, "dfs.namenode.keytab.file", "dfs.namenode.kerberos.principal");
    for (String other : HAUtil.getRMHAIds(conf)) {
      if (!other.equals(id)) {
        try {
          admin(conf, other).transitionToStandby(
              new StateChangeRequestInfo(RequestSource.REQUEST_BY_USER_FORCED));
        } catch (IOException down) {
          System.out.println("ResourceManager " + other + " is down: " + down);
        }
      }
    }
    transition(conf, id);
  }

  private void transition(YarnConfiguration conf, String id) throws IOException {
    admin(conf, id).transitionToActive(
        new StateChangeRequestInfo(RequestSource.REQUEST_BY_USER_FORCED));
  }

  private HAServiceProtocol admin(YarnConfiguration conf, String id) throws IOException {
    YarnConfiguration own = new YarnConfiguration(conf);
    own.set(YarnConfiguration.RM_HA_ID, id);
    return new RMHAServiceTarget(own).getProxy(own, 30_000);
  }

  private <C extends Configuration> C configure(C conf) {
    settings.forEach(conf::set);
    return conf;
  }

  private double seconds() {
    return (System.nanoTime() - started) / 1e9;
  }

  /** Asks until the answer is yes; who started this process sets the limit. */
  private double until(Probe probe) throws Exception {
    String said = "";
    while (true) {
      try {
        if (probe.ask()) {
          return seconds();
        }
      } catch (IOException notYet) {
        String saying = notYet.toString();
        if (!saying.equals(said)) {
          System.out.println("waiting: " + saying);
          said = saying;
        }
      }
      Thread.sleep(100);
    }
  }

  private Thread thread(String name, Step step) {
    Thread thread = new Thread(() -> attempt(name, step), name);
    thread.start();
    return thread;
  }

  private void watch(String role, Step join) {
    Thread thread = new Thread(() -> attempt(role, () -> {
      join.run();
      throw new IllegalStateException("it stopped; its reason is above");
    }), role + "-watch");
    thread.setDaemon(true);
    thread.start();
  }

  private void attempt(String role, Step step) {
    try {
      step.run();
    } catch (Throwable failure) {
      failure.printStackTrace(System.out);
      System.out.println("sandbox: " + role + " failed: " + reason(failure));
      System.out.flush();
      Runtime.getRuntime().halt(1);
    }
  }

  /** The outermost and the innermost message, which say what failed and why. */
  private static String reason(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null && root.getCause() != root) {
      root = root.getCause();
    }
    String outer = firstLine(failure);
    String inner = firstLine(root);
    return outer.contains(inner) ? outer
        : outer + ": " + root.getClass().getSimpleName() + ": " + inner;
  }

  /** What another daemon reports has its stack trace in the message. */
  private static String firstLine(Throwable failure) {
    return String.valueOf(failure.getMessage()).strip().split("\n")[0].strip();
  }

  private interface Step {
    void run() throws Exception;
  }

  private interface Probe {
    boolean ask() throws Exception;
  }
}
