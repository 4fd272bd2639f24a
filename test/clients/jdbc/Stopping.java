import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;

/** Stops reading the foreign table early, in the ways JDBC has. */
public final class Stopping
{
	private static String[] ids;

	private Stopping()
	{
	}

	private static List<String> first(int count)
	{
		return Arrays.asList(ids).subList(0, count);
	}

	/** Reads some rows of a portal and closes it, one way or another. */
	private static void testFetchSize(Connection connection, String end) throws Exception
	{
		Testing.ctl("reset");
		try (PreparedStatement statement = connection.prepareStatement(Testing.ALL))
		{
			statement.setFetchSize(50);
			ResultSet rows = statement.executeQuery();
			Testing.pages(1, 2, end + ": after 50 rows");
			StringBuilder got = new StringBuilder();
			for (int i = 0; i < 120 && rows.next(); i++)
				got.append(rows.getString(1)).append(' ');
			Testing.equal(got.toString().trim(), String.join(" ", first(120)), end + ": rows");
			Testing.pages(2, 3, end + ": after 150 rows");
			switch (end)
			{
				case "close" -> rows.close();
				case "closeOnCompletion" ->
				{
					statement.closeOnCompletion();
					rows.close();
				}
				case "commit" -> connection.commit();
				default -> connection.rollback();
			}
		}
		connection.commit();
		Testing.pages(2, 3, end + ": afterwards");
		Testing.checkNothingLeft(connection, ids[0], end);
		connection.commit();
	}

	/** All rows, in batches and at once. */
	private static void testWhole(Connection connection) throws Exception
	{
		for (boolean autocommit : new boolean[] {true, false})
		{
			String title = autocommit ? "autocommit" : "in batches of 64";
			connection.setAutoCommit(autocommit);
			try (Statement statement = connection.createStatement())
			{
				Testing.ctl("reset");
				statement.setFetchSize(64);
				Testing.equal(Testing.column(statement.executeQuery(Testing.ALL)), first(1000), title);
				Testing.calls(0, 10, title);
			}
		}
		try (PreparedStatement statement = connection.prepareStatement(Testing.ALL + " WHERE id = ANY (?)"))
		{
			Testing.ctl("reset");
			statement.setFetchSize(30);
			statement.setArray(1, connection.createArrayOf("text", first(100).toArray()));
			Testing.equal(Testing.column(statement.executeQuery()), first(100), "keys in batches");
			Testing.calls(100, 0, "keys in batches");
		}
		try (Statement statement = connection.createStatement(
				ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_READ_ONLY))
		{
			Testing.ctl("reset");
			ResultSet rows = statement.executeQuery(Testing.ALL);
			Testing.ok(rows.last() && rows.getString(1).equals(ids[999]), "scrolling: last");
			Testing.ok(rows.previous() && rows.getString(1).equals(ids[998]), "scrolling: previous");
			Testing.ok(rows.absolute(10) && rows.getString(1).equals(ids[9]), "scrolling: absolute");
			Testing.calls(0, 10, "scrolling");
		}
		try (Statement statement = connection.createStatement())
		{
			Testing.ctl("reset");
			statement.setMaxRows(30);
			Testing.equal(Testing.column(statement.executeQuery(Testing.ALL)), first(30), "setMaxRows");
			Testing.pages(1, 2, "setMaxRows");
		}
		/* The first screen of a grid: the list, and the details of ten rows. */
		connection.setAutoCommit(false);
		try (Statement statement = connection.createStatement())
		{
			Testing.ctl("reset");
			statement.setFetchSize(10);
			ResultSet rows = statement.executeQuery(
				"SELECT id, weight FROM model_comp_tasks ORDER BY create_time DESC, id");
			for (int i = 0; i < 10; i++)
				rows.next();
			Testing.calls(10, 10, "ten rows of a grid");
		}
		connection.commit();
	}

	/** A statement that is stopped while its call is held at the simulator. */
	private static void testTimeoutAndCancel(Connection connection) throws Exception
	{
		connection.setAutoCommit(true);
		try (PreparedStatement statement = connection.prepareStatement(Testing.ALL + " WHERE id = ?"))
		{
			statement.setString(1, ids[0]);
			Testing.ctl("reset");
			Testing.ctl("hold");
			statement.setQueryTimeout(1);
			Testing.fails("57014", statement::executeQuery, "setQueryTimeout");
			Testing.ctl("wait", "in_flight", 0, "--at-most");
			Testing.equal(Testing.ctl("get", "aborted"), "1", "setQueryTimeout: the call is given up");
			Testing.ctl("release");
			statement.setQueryTimeout(0);
			Testing.checkNothingLeft(connection, ids[0], "setQueryTimeout");
		}
		try (Statement statement = connection.createStatement())
		{
			Testing.ctl("reset");
			Testing.ctl("hold");
			Thread canceller = new Thread(() ->
			{
				try
				{
					Testing.ctl("wait", "held", 1);
					statement.cancel();
				}
				catch (Exception error)
				{
					System.out.println("# " + error);
				}
			});
			canceller.start();
			Testing.fails("57014", () -> statement.executeQuery(Testing.ALL), "cancel");
			canceller.join();
			Testing.ctl("wait", "in_flight", 0, "--at-most");
			Testing.ctl("release");
			Testing.checkNothingLeft(connection, ids[0], "cancel");
		}
	}

	/** Errors of the API, with the driver's own savepoints and without. */
	private static void testErrors() throws Exception
	{
		for (String autosave : new String[] {"never", "always"})
		{
			try (Connection connection = Testing.connect("autosave=" + autosave);
				 Statement statement = connection.createStatement())
			{
				String title = "autosave=" + autosave;
				connection.setAutoCommit(false);
				connection.setReadOnly(true);
				Testing.ctl("reset");
				statement.executeQuery("SELECT 1").close();
				Testing.ctl("fail", "http-400");
				Testing.fails("HV000", () -> statement.executeQuery(Testing.ALL), title);
				if (autosave.equals("never"))
				{
					Testing.fails("25P02", () -> statement.executeQuery(Testing.ALL), title + ", again");
					connection.rollback();
				}
				Testing.calls(0, 1, title);
				Testing.checkNothingLeft(connection, ids[0], title);
				connection.rollback();
			}
		}
	}

	/** A batch whose statements each look one task up. */
	private static void testBatch(Connection connection) throws Exception
	{
		try (Statement statement = connection.createStatement();
			 PreparedStatement insert = connection.prepareStatement(
				 "INSERT INTO seen SELECT id FROM model_comp_tasks WHERE id = ?"))
		{
			statement.execute("CREATE TEMP TABLE seen (id text)");
			Testing.ctl("reset");
			for (String id : first(12))
			{
				insert.setString(1, id);
				insert.addBatch();
			}
			Testing.equal(Arrays.stream(insert.executeBatch()).sum(), 12, "executeBatch: rows");
			Testing.calls(12, 0, "executeBatch");
			Testing.equal(Testing.column(statement.executeQuery("SELECT id FROM seen")), first(12),
				"executeBatch: ids");
		}
	}

	/** Runs all of it. */
	public static void main(String[] arguments) throws Exception
	{
		ids = Testing.ids();
		try (Connection connection = Testing.connect("prepareThreshold=1"))
		{
			testBatch(connection);
			testWhole(connection);
			connection.setAutoCommit(false);
			for (String end : new String[] {"close", "closeOnCompletion", "commit", "rollback"})
				testFetchSize(connection, end);
			testTimeoutAndCancel(connection);
		}
		testErrors();

		/* A session that ends with a portal half read. */
		Connection connection = Testing.connect("");
		connection.setAutoCommit(false);
		PreparedStatement statement = connection.prepareStatement(Testing.ALL);
		statement.setFetchSize(10);
		Testing.ok(statement.executeQuery().next(), "a portal at the end of the session");
		connection.close();
		System.out.println("done");
	}
}
