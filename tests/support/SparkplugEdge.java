// An edge of Sparkplug B by other people's hands (Eclipse Tahu, with aliases), told what to do by lines: `data COUNT`, `skip COUNT`,
// `reuse` (a new birth in which aliases stand for other metrics), `devicedeath`, `restart`. Arguments: port, group, edge, host to wait for or `-`.
// It writes `ready` for each birth, and `done` after each command.
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Date;
import java.util.List;
import java.util.Scanner;
import org.eclipse.paho.client.mqttv3.MqttMessage;
import org.eclipse.tahu.edge.EdgeClient;
import org.eclipse.tahu.edge.api.MetricHandler;
import org.eclipse.tahu.message.SparkplugBPayloadDecoder;
import org.eclipse.tahu.message.SparkplugBPayloadEncoder;
import org.eclipse.tahu.message.model.*;
import org.eclipse.tahu.message.model.Metric.MetricBuilder;
import org.eclipse.tahu.message.model.SparkplugBPayload.SparkplugBPayloadBuilder;
import org.eclipse.tahu.message.model.SparkplugBPayloadMap.SparkplugBPayloadMapBuilder;
import org.eclipse.tahu.model.MqttServerDefinition;
import org.eclipse.tahu.mqtt.*;

public class SparkplugEdge implements MetricHandler, ClientCallback {
    final EdgeNodeDescriptor own;
    final Topic death;
    final EdgeClient client;
    final String host;
    final boolean waits;
    long session = -1;
    int counter = 0;
    boolean turned = false;

    SparkplugEdge(String port, String group, String edge, String host) throws Exception {
        this.host = host;
        waits = !host.equals("-");
        own = new EdgeNodeDescriptor(group, edge);
        death = new Topic(SparkplugMeta.SPARKPLUG_B_TOPIC_PREFIX, group, edge, MessageType.NDEATH);
        List<MqttServerDefinition> servers = List.of(new MqttServerDefinition(new MqttServerName("broker"), new MqttClientId("tahu-" + edge, false),
            MqttServerUrl.getMqttServerUrlSafe("tcp://127.0.0.1:" + port), null, null, 10, death));
        client = new EdgeClient(this, own, List.of("dev"), waits ? host : null, true, 100L, servers, this, null);
        new Thread(client).start();
    }

    List<Metric> metrics(int n) throws Exception {
        List<Metric> all = new ArrayList<>();
        all.add(of("i8", MetricDataType.Int8, (byte) -(n % 128)));
        all.add(of("i16", MetricDataType.Int16, (short) -n));
        all.add(of("i32", MetricDataType.Int32, -n * 1000));
        all.add(of("i64", MetricDataType.Int64, -n * 10_000_000_000L));
        all.add(of("u8", MetricDataType.UInt8, (short) (n % 256)));
        all.add(of("u16", MetricDataType.UInt16, 65535 - n % 1000));
        all.add(of("u32", MetricDataType.UInt32, 4294967295L - n));
        all.add(of("u64", MetricDataType.UInt64, BigInteger.ONE.shiftLeft(64).subtract(BigInteger.valueOf(n + 1))));
        all.add(of("f", MetricDataType.Float, n + 0.1f));
        all.add(of("d", MetricDataType.Double, n / 7.0));
        all.add(of("b", MetricDataType.Boolean, n % 2 == 0));
        all.add(of("s", MetricDataType.String, "值 " + n));
        all.add(of("t", MetricDataType.DateTime, new Date(1772366400000L + n)));
        if (turned) Collections.reverse(all);
        return all;
    }

    Metric of(String name, MetricDataType type, Object value) throws Exception {
        return new MetricBuilder("m/" + name, type, value).timestamp(new Date()).createMetric();
    }

    public Topic getDeathTopic() { return death; }

    public byte[] getDeathPayloadBytes() throws Exception {
        session++;
        SparkplugBPayload payload = new SparkplugBPayloadBuilder().setTimestamp(new Date()).createPayload();
        payload.addMetric(new MetricBuilder("bdSeq", MetricDataType.Int64, session).createMetric());
        return new SparkplugBPayloadEncoder().getBytes(payload, true);
    }

    public void publishBirthSequence() {
        try {
            SparkplugBPayloadMap node = new SparkplugBPayloadMapBuilder().setTimestamp(new Date()).createPayload();
            node.addMetric(new MetricBuilder("bdSeq", MetricDataType.Int64, session).createMetric());
            client.publishNodeBirth(node);
            SparkplugBPayload device = new SparkplugBPayloadBuilder().setTimestamp(new Date()).createPayload();
            for (Metric metric : metrics(counter)) device.addMetric(metric);
            client.publishDeviceBirth("dev", device);
            System.out.println("ready");
        } catch (Exception error) { error.printStackTrace(); }
    }

    public boolean hasMetric(SparkplugDescriptor descriptor, String name) { return true; }

    public void messageArrived(MqttServerName server, MqttServerUrl url, MqttClientId id, String topic, MqttMessage message) {
        try {
            if (topic.startsWith("spBv1.0/STATE/")) {
                String text = new String(message.getPayload());
                boolean online = text.replace(" ", "").contains("\"online\":true");
                long at = Long.parseLong(text.replaceAll(".*\"timestamp\"\\s*:\\s*(\\d+).*", "$1"));
                client.handleStateMessage(host, new StatePayload(online, at));
            } else if (topic.contains("/NCMD/")) {
                for (Metric metric : new SparkplugBPayloadDecoder().buildFromByteArray(message.getPayload(), null).getMetrics())
                    if ("Node Control/Rebirth".equals(metric.getName()) && Boolean.TRUE.equals(metric.getValue())) rebirth();
            }
        } catch (Exception error) { error.printStackTrace(); }
    }

    /** In a thread of its own: this one brings the answers that a message on its way waits for, and that one holds the client's lock. */
    void rebirth() {
        new Thread(() -> { synchronized (this) { client.handleRebirthRequest(true); } }).start();
    }

    public void shutdown() { }

    public void connectionLost(MqttServerName server, MqttServerUrl url, MqttClientId id, Throwable cause) { }

    public void connectComplete(boolean reconnect, MqttServerName server, MqttServerUrl url, MqttClientId id) { }

    void act(String[] words) throws Exception {
        int count = words.length > 1 ? Integer.parseInt(words[1]) : 1;
        switch (words[0]) {
            case "data":
                for (int n = 0; n < count; n++) {
                    synchronized (this) {
                        counter++;
                        SparkplugBPayload payload = new SparkplugBPayloadBuilder().setTimestamp(new Date()).createPayload();
                        for (Metric metric : metrics(counter)) payload.addMetric(metric);
                        client.publishDeviceData("dev", payload);
                    }
                    Thread.sleep(2);
                }
                break;
            case "skip": synchronized (this) { for (int n = 0; n < count; n++) client.getNextSeqNum(); } break;
            case "reuse": synchronized (this) { turned = !turned; publishBirthSequence(); } break;
            case "devicedeath": client.publishDeviceDeath("dev"); break;
            case "restart": client.disconnect(false); break;
            default: throw new IllegalArgumentException(words[0]);
        }
        System.out.println("done");
    }

    public static void main(String[] words) throws Exception {
        SparkplugEdge edge = new SparkplugEdge(words[0], words[1], words[2], words[3]);
        for (Scanner lines = new Scanner(System.in); lines.hasNextLine();) edge.act(lines.nextLine().trim().split(" "));
        System.exit(0);
    }
}
