import java.io.DataOutputStream;
import java.io.File;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hdfs.security.token.delegation.DelegationTokenIdentifier;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.security.Credentials;
import org.apache.hadoop.security.UserGroupInformation;
import org.apache.hadoop.security.token.Token;
import org.apache.hadoop.security.token.TokenIdentifier;

/** What Hadoop itself makes of token files: copy IN OUT | protobuf IN OUT | write OUT | list PATH. */
public class TokenFile {
  public static void main(String[] arguments) throws Exception {
    Configuration conf = new Configuration();
    conf.addResource("hdfs-site.xml");
    switch (arguments[0]) {
      case "copy" -> save(
          Credentials.readTokenStorageFile(new File(arguments[1]), conf), arguments[2]);
      case "protobuf" -> save(
          Credentials.readTokenStorageFile(new File(arguments[1]), conf),
          arguments[2],
          Credentials.SerializedFormat.PROTOBUF);
      case "write" -> write(arguments[1]);
      default -> list(new Path(arguments[1]), conf);
    }
  }

  /** Writes a file of made-up tokens, and says what is in them. */
  private static void write(String place) throws Exception {
    Credentials credentials = new Credentials();
    for (int number = 0; number < 40; number++) {
      DelegationTokenIdentifier identifier =
          new DelegationTokenIdentifier(
              new Text("alice" + "é".repeat(number)), new Text("yarn"), new Text("hub"));
      // Lengths of one to nine bytes, and on both sides of zero.
      long value = (number % 2 == 0 ? 1 : -1) * (1L << number * 3 / 2);
      identifier.setIssueDate(value);
      identifier.setMaxDate(Long.MAX_VALUE - number);
      identifier.setSequenceNumber((int) value);
      identifier.setMasterKeyId(number - 20);
      byte[] password = new byte[number * 10];
      java.util.Arrays.fill(password, (byte) (number * 7));
      Token<TokenIdentifier> token =
          new Token<>(
              identifier.getBytes(),
              password,
              identifier.getKind(),
              new Text(number == 0 ? "" : "10.0.0." + number + ":8020"));
      credentials.addToken(new Text("alias " + number), token);
      System.out.println(
          String.join(
              "\t",
              "alias " + number,
              token.encodeToUrlString(),
              identifier.getOwner().toString(),
              identifier.getRenewer().toString(),
              identifier.getRealUser().toString(),
              "" + identifier.getIssueDate(),
              "" + identifier.getMaxDate(),
              "" + identifier.getSequenceNumber(),
              "" + identifier.getMasterKeyId()));
    }
    credentials.addSecretKey(new Text("a.secret"), new byte[] {0, -1, 10, 13});
    credentials.addSecretKey(new Text("long.secret"), new byte[70000]);
    save(credentials, place);
  }

  private static void save(Credentials credentials, String place) throws Exception {
    save(credentials, place, Credentials.SerializedFormat.WRITABLE);
  }

  private static void save(
      Credentials credentials, String place, Credentials.SerializedFormat format)
      throws Exception {
    try (DataOutputStream out = new DataOutputStream(new java.io.FileOutputStream(place))) {
      credentials.writeTokenStorageToStream(out, format);
    }
  }

  private static void list(Path path, Configuration conf) throws Exception {
    UserGroupInformation.setConfiguration(conf);
    System.out.println(UserGroupInformation.getCurrentUser().hasKerberosCredentials());
    for (FileStatus status : FileSystem.get(path.toUri(), conf).listStatus(path)) {
      System.out.println(status.getPath().toUri().getPath());
    }
  }
}
