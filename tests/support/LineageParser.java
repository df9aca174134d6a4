// Reads one event of lineage per line with OpenLineage's own Java client, and writes per line what that client makes of it again, or `refused: CLASS`.
import io.openlineage.client.OpenLineageClientUtils;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

public class LineageParser {
    public static void main(String[] arguments) throws Exception {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = in.readLine()) != null; ) {
            String answer;
            try {
                answer = OpenLineageClientUtils.toJson(OpenLineageClientUtils.runEventFromJson(line));
            } catch (Exception error) {
                answer = "refused: " + error.getClass().getSimpleName() + " " + error.getMessage();
            }
            out.println(answer.replace("\n", " "));
        }
    }
}
