import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** What the JDBC clients share: the simulator's verbs, "ok" lines, sessions. */
final class Testing
{
	static final String ALL = "SELECT id FROM model_comp_tasks";

	private static final String CONTROL = System.getenv("QIANFAN_SIMULATOR_CONTROL");
	private static final HttpClient HTTP = HttpClient.newBuilder()
		.version(HttpClient.Version.HTTP_1_1).proxy(HttpClient.Builder.NO_PROXY).build();

	/** Something that may fail. */
	interface Work
	{
		void run() throws Exception;
	}

	private Testing()
	{
	}

	/** What the command "ctl WORDS" prints; see test/simulator. */
	static String ctl(Object... words) throws Exception
	{
		String body = Arrays.stream(words).map(word -> "\"" + word + "\"")
			.collect(Collectors.joining(",", "[", "]"));
		HttpResponse<String> answer = HTTP.send(
			HttpRequest.newBuilder(URI.create(CONTROL + "/ctl"))
				.POST(HttpRequest.BodyPublishers.ofString(body)).build(),
			HttpResponse.BodyHandlers.ofString());
		if (answer.statusCode() != 200)
			throw new IllegalStateException(body + ": " + answer.body());
		return answer.body().trim();
	}

	static boolean ok(boolean passed, String title)
	{
		System.out.println((passed ? "ok - " : "not ok - ") + title);
		return passed;
	}

	static void equal(Object got, Object expected, String title)
	{
		if (!ok(String.valueOf(got).equals(String.valueOf(expected)), title))
			System.out.printf("# got: %s%n# expected: %s%n", got, expected);
	}

	/** Checks that only these calls were made since the last reset. */
	static void calls(int details, int pages, String title) throws Exception
	{
		equal(ctl("calls"), callsText(details, pages), title + ": API calls");
	}

	/** Checks that only pages were asked for, and how many at least and most. */
	static void pages(int low, int high, String title) throws Exception
	{
		ctl("wait", "in_flight", 0, "--at-most");
		String got = ctl("calls");
		boolean passed = false;
		for (int n = low; n <= high; n++)
			passed |= got.equals(callsText(0, n));
		if (!ok(passed, title + ": " + low + " to " + high + " pages"))
			System.out.println("# got: " + got);
	}

	private static String callsText(int details, int pages)
	{
		List<String> parts = new ArrayList<>();
		if (details > 0)
			parts.add("DescribeModelCompTask=" + details);
		if (pages > 0)
			parts.add("DescribeModelCompTasks=" + pages);
		return parts.isEmpty() ? "none" : String.join(" ", parts);
	}

	/** Checks the SQLSTATE that some work ends with. */
	static void fails(String state, Work work, String title) throws Exception
	{
		String got = "no error";
		try
		{
			work.run();
		}
		catch (SQLException error)
		{
			got = error.getSQLState();
			if (error.getMessage().contains("test-secret-key"))
				got = "a secret in the message";
		}
		equal(got, state, title + ": SQLSTATE");
	}

	/** A session; properties are those of the driver's URL. */
	static Connection connect(String properties) throws SQLException
	{
		return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:"
			+ System.getenv("PGPORT") + "/postgres?user=" + System.getenv("PGUSER")
			+ "&sslmode=disable&" + properties);
	}

	/** The ids, in the order of the list. */
	static String[] ids() throws SQLException
	{
		try (Connection connection = connect(""); Statement statement = connection.createStatement())
		{
			return column(statement.executeQuery("SELECT id FROM expected ORDER BY n"))
				.toArray(new String[0]);
		}
	}

	/** The first column of all rows that are left. */
	static List<String> column(ResultSet rows) throws SQLException
	{
		List<String> values = new ArrayList<>();
		while (rows.next())
			values.add(rows.getString(1));
		return values;
	}

	/** Checks that a session has no cursor, no call in flight, and goes on. */
	static void checkNothingLeft(Connection connection, String id, String title) throws Exception
	{
		ctl("wait", "in_flight", 0, "--at-most");
		try (PreparedStatement cursors =
				 connection.prepareStatement("SELECT name FROM pg_cursors WHERE statement !~ 'pg_cursors'");
			 PreparedStatement lookup = connection.prepareStatement(ALL + " WHERE id = ?"))
		{
			equal(column(cursors.executeQuery()), "[]", title + ": cursors left");
			ctl("reset");
			lookup.setString(1, id);
			equal(column(lookup.executeQuery()), "[" + id + "]", title + ": the session goes on");
			calls(1, 0, title + ": afterwards");
		}
	}
}
