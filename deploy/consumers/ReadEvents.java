import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads the events of one channel with nothing but the AsyncAPI document: one line of JSON per event on standard output, what was left out and why on
 * standard error. How to run it, and what to do otherwise in a real system: README.md beside this file.
 */
public final class ReadEvents {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** A record that is not what the document promises. */
  private static final class NotAsPromised extends Exception {
    NotAsPromised(String sentence) {
      super(sentence);
    }
  }

  public static void main(String[] args) throws IOException {
    if (args.length != 3) {
      System.err.println("Usage: java -cp '<jars>/*' ReadEvents.java <asyncapi.json> <channel> <file of ids seen>");
      System.exit(2);
    }
    var promise = new Document(JSON.readTree(Path.of(args[0]).toFile()), args[1]);
    new ReadEvents(promise, new SeenIds(Path.of(args[2]))).read(connection());
  }

  private static Properties connection() {
    var settings = new Properties();
    settings.put("bootstrap.servers", System.getenv().getOrDefault("KAFKA_BROKERS", "127.0.0.1:9092"));
    settings.put("group.id", System.getenv().getOrDefault("KAFKA_GROUP", "read-events"));
    // A group that is new begins with the oldest event, and commits only what has been dealt with.
    settings.put("auto.offset.reset", "earliest");
    settings.put("enable.auto.commit", "false");
    return settings;
  }

  private final Document promise;
  private final SeenIds seen;

  private ReadEvents(Document promise, SeenIds seen) {
    this.promise = promise;
    this.seen = seen;
  }

  private void read(Properties settings) throws IOException {
    var bytes = new ByteArrayDeserializer();
    try (var consumer = new KafkaConsumer<byte[], byte[]>(settings, bytes, bytes)) {
      var reading = Thread.currentThread();
      Runtime.getRuntime().addShutdownHook(new Thread(() -> {
        consumer.wakeup();
        try {
          reading.join();
        } catch (InterruptedException ended) {
          Thread.currentThread().interrupt();
        }
      }));
      consumer.subscribe(List.of(promise.topic()));
      while (true) {
        for (var record : consumer.poll(Duration.ofSeconds(1))) take(record);
        consumer.commitSync();
      }
    } catch (WakeupException asked) {
      // Somebody ended the program; what was not committed comes again.
    }
  }

  /** Deals with one record. What cannot be read holds up nothing: it is named, and the next one follows. */
  private void take(ConsumerRecord<byte[], byte[]> record) throws IOException {
    var place = new TopicPartition(record.topic(), record.partition()) + "@" + record.offset();
    try {
      var headers = headersOf(record);
      var type = headers.path("ce_type").asText();
      if (!promise.knows(type)) {
        System.err.println(place + ": skipped, the document has no message " + type);
        return;
      }
      var data = promise.check(type, headers, text(record.value(), "value"));
      if (!headers.path("ce_partitionkey").asText().equals(text(record.key(), "key")))
        throw new NotAsPromised("the key is not ce_partitionkey");
      var id = headers.path("ce_id").asText();
      if (seen.has(id)) {
        System.err.println(place + ": skipped, " + id + " has been seen");
        return;
      }
      var line = JSON.createObjectNode();
      for (var name : List.of("ce_id", "ce_type", "ce_source", "ce_partitionkey", "ce_sequence", "ce_correlationid", "ce_time"))
        line.set(name, headers.get(name));
      line.set("data", data);
      System.out.println(line);
      seen.add(id);
    } catch (NotAsPromised problem) {
      System.err.println(place + ": refused, " + problem.getMessage());
    }
  }

  private static ObjectNode headersOf(ConsumerRecord<byte[], byte[]> record) throws NotAsPromised {
    var headers = JSON.createObjectNode();
    for (Header header : record.headers()) {
      if (headers.has(header.key())) throw new NotAsPromised(header.key() + " came more than once");
      headers.put(header.key(), text(header.value(), header.key()));
    }
    return headers;
  }

  private static String text(byte[] bytes, String what) throws NotAsPromised {
    if (bytes == null) throw new NotAsPromised(what + " is missing");
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException cause) {
      throw new NotAsPromised(what + " is not UTF-8");
    }
  }

  /** One channel of the AsyncAPI document: its topic, and what each of its messages promises. */
  private static final class Document {
    private final JsonNode root;
    private final String topic;
    private final Map<String, JsonNode> messages = new HashMap<>();

    Document(JsonNode root, String channelName) {
      this.root = root;
      var channel = root.path("channels").path(channelName);
      if (channel.isMissingNode()) throw new IllegalArgumentException("the document has no channel " + channelName);
      topic = channel.path("bindings").path("kafka").path("topic").asText(channel.path("address").asText());
      for (var message : channel.path("messages")) messages.put(resolve(message).path("name").asText(), resolve(message));
    }

    String topic() {
      return topic;
    }

    boolean knows(String type) {
      return messages.containsKey(type);
    }

    JsonNode check(String type, JsonNode headers, String value) throws NotAsPromised {
      var message = messages.get(type);
      check(message.path("headers"), headers, "headers");
      JsonNode data;
      try {
        data = JSON.readTree(value);
      } catch (IOException cause) {
        throw new NotAsPromised("the value is not JSON");
      }
      check(message.path("payload"), data, "data");
      return data;
    }

    private JsonNode resolve(JsonNode node) {
      var reference = node.path("$ref").asText("");
      return reference.isEmpty() ? node : resolve(root.at(reference.substring(1)));
    }

    /** The part of JSON Schema that the document uses. Fields it does not name are left alone: a later revision may add some. */
    private void check(JsonNode written, JsonNode value, String where) throws NotAsPromised {
      var schema = resolve(written);
      for (var part : schema.path("allOf")) check(part, value, where);
      if (schema.has("type")) require(isOf(schema.get("type").asText(), value), where, "is not of type " + schema.get("type"));
      if (schema.has("const")) require(schema.get("const").equals(value), where, "is not " + schema.get("const"));
      if (schema.has("enum")) {
        var isListed = false;
        for (var allowed : schema.get("enum")) isListed |= allowed.equals(value);
        require(isListed, where, "is none of " + schema.get("enum"));
      }
      if (value.isTextual()) checkText(schema, value.asText(), where);
      if (value.isNumber()) {
        require(!schema.has("minimum") || value.asLong() >= schema.get("minimum").asLong(), where, "is too small");
        require(!schema.has("maximum") || value.asLong() <= schema.get("maximum").asLong(), where, "is too large");
      }
      if (value.isArray()) {
        require(value.size() >= schema.path("minItems").asInt(0), where, "has too few entries");
        require(value.size() <= schema.path("maxItems").asInt(Integer.MAX_VALUE), where, "has too many entries");
        for (int place = 0; place < value.size(); place++) check(schema.path("items"), value.get(place), where + "." + place);
      }
      for (var name : schema.path("required")) require(value.has(name.asText()), where + "." + name.asText(), "is missing");
      for (var field : schema.path("properties").properties())
        if (value.has(field.getKey())) check(field.getValue(), value.get(field.getKey()), where + "." + field.getKey());
    }

    private static void checkText(JsonNode schema, String text, String where) throws NotAsPromised {
      int length = text.codePointCount(0, text.length());
      require(length >= schema.path("minLength").asInt(0), where, "is too short");
      require(length <= schema.path("maxLength").asInt(Integer.MAX_VALUE), where, "is too long");
      if (schema.has("pattern"))
        require(Pattern.compile(schema.get("pattern").asText()).matcher(text).find(), where, "has another form");
      if (schema.path("format").asText().equals("date-time")) {
        try {
          OffsetDateTime.parse(text);
        } catch (DateTimeParseException cause) {
          throw new NotAsPromised(where + " is no moment in time");
        }
      }
    }

    private static boolean isOf(String type, JsonNode value) {
      return switch (type) {
        case "object" -> value.isObject();
        case "array" -> value.isArray();
        case "string" -> value.isTextual();
        case "integer" -> value.isIntegralNumber();
        case "number" -> value.isNumber();
        case "boolean" -> value.isBoolean();
        default -> throw new IllegalArgumentException("the document uses a type this reader does not know: " + type);
      };
    }

    private static void require(boolean holds, String where, String problem) throws NotAsPromised {
      if (!holds) throw new NotAsPromised(where + " " + problem);
    }
  }

  /** Ids of events that have been dealt with. A real system keeps them in its database, in the transaction that deals with the event. */
  private static final class SeenIds {
    private final Path file;
    private final Set<String> ids = new HashSet<>();

    SeenIds(Path file) throws IOException {
      this.file = file;
      if (Files.exists(file)) ids.addAll(Files.readAllLines(file));
    }

    boolean has(String id) {
      return ids.contains(id);
    }

    void add(String id) throws IOException {
      Files.writeString(file, id + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND, StandardOpenOption.DSYNC);
      ids.add(id);
    }
  }
}
