import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.Base64;
import java.util.Map;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.PasswordCallback;
import javax.security.sasl.AuthorizeCallback;
import javax.security.sasl.RealmCallback;
import javax.security.sasl.Sasl;
import javax.security.sasl.SaslServer;

/**
 * Java's own DIGEST-MD5, set up as org.apache.hadoop.security.SaslRpcServer does: arguments are the
 * protection and the password. Lines of base64: the challenge, then what answers each line read.
 */
public class DigestServer {
  public static void main(String[] arguments) throws Exception {
    char[] password = arguments[1].toCharArray();
    SaslServer server = Sasl.createSaslServer(
        "DIGEST-MD5", "", "default", Map.of(Sasl.QOP, arguments[0], Sasl.SERVER_AUTH, "true"),
        callbacks -> {
          for (Callback callback : callbacks) {
            if (callback instanceof PasswordCallback) {
              ((PasswordCallback) callback).setPassword(password);
            } else if (callback instanceof AuthorizeCallback) {
              ((AuthorizeCallback) callback).setAuthorized(true);
            } else if (callback instanceof RealmCallback) {
              ((RealmCallback) callback).setText(((RealmCallback) callback).getDefaultText());
            }
          }
        });
    say(server.evaluateResponse(new byte[0]));
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      byte[] data = Base64.getDecoder().decode(line);
      if (!server.isComplete()) {
        say(server.evaluateResponse(data));
      } else {
        byte[] plain = server.unwrap(data, 0, data.length);
        say(server.wrap(plain, 0, plain.length));
      }
    }
  }

  private static void say(byte[] data) {
    System.out.println(Base64.getEncoder().encodeToString(data));
    System.out.flush();
  }
}
