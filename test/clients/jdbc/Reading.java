import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Reads the foreign table through JDBC: parameters, types, catalog. */
public final class Reading
{
	private static final String[] MODES =
		{"simple", "extended", "extendedForPrepared"};
	private static final int TIMES = 10;

	private static String[] ids;

	private Reading()
	{
	}

	/** A statement executed often enough to become a named one, with a generic plan. */
	private static void testPrepared(Connection connection, String mode) throws Exception
	{
		try (PreparedStatement one = connection.prepareStatement(
				 "SELECT state FROM model_comp_tasks WHERE id = ?");
			 PreparedStatement expected = connection.prepareStatement(
				 "SELECT state FROM expected WHERE id = ?"))
		{
			List<String> got = new ArrayList<>();
			List<String> wanted = new ArrayList<>();

			Testing.ctl("reset");
			for (int i = 0; i < TIMES; i++)
			{
				one.setString(1, ids[i]);
				expected.setString(1, ids[i]);
				got.addAll(Testing.column(one.executeQuery()));
				wanted.addAll(Testing.column(expected.executeQuery()));
			}
			Testing.equal(got, wanted, mode + ": id = ?");
			Testing.calls(TIMES, 0, mode + ": id = ?");
			one.setString(1, null);
			Testing.equal(Testing.column(one.executeQuery()), "[]", mode + ": id = NULL");
			Testing.calls(TIMES, 0, mode + ": id = NULL");
			checkPrepared(connection, mode);
		}
		try (PreparedStatement in = connection.prepareStatement(
				 Testing.ALL + " WHERE id IN (?, ?, ?) ORDER BY id");
			 PreparedStatement any = connection.prepareStatement(
				 Testing.ALL + " WHERE id = ANY (?)");
			 PreparedStatement source = connection.prepareStatement(
				 "SELECT count(*) FROM model_comp_tasks WHERE source_model_id ="
				 + " (SELECT source_model_id FROM expected WHERE n = ?)");
			 PreparedStatement limit = connection.prepareStatement(Testing.ALL + " LIMIT ?"))
		{
			for (int i = 0; i < TIMES; i++)
			{
				String[] three = {ids[i], ids[i + 20], ids[i + 40]};
				String[] many = Arrays.copyOfRange(ids, i * 30, i * 30 + 20 + i);

				Testing.ctl("reset");
				for (int j = 0; j < 3; j++)
					in.setString(j + 1, three[j]);
				Arrays.sort(three);
				Testing.equal(Testing.column(in.executeQuery()), Arrays.toString(three),
					mode + ": id IN (?, ?, ?), time " + i);
				Testing.calls(3, 0, mode + ": IN, time " + i);

				Testing.ctl("reset");
				any.setArray(1, connection.createArrayOf("text", many));
				Testing.equal(Testing.column(any.executeQuery()), Arrays.toString(many),
					mode + ": id = ANY (?), time " + i);
				Testing.calls(many.length, 0, mode + ": ANY, time " + i);

				Testing.ctl("reset");
				source.setInt(1, i);
				Testing.equal(Testing.column(source.executeQuery()), i < 14 ? "[59]" : "[58]",
					mode + ": source_model_id, time " + i);
				Testing.calls(0, 1, mode + ": source_model_id, time " + i);

				Testing.ctl("reset");
				limit.setInt(1, 5);
				Testing.equal(Testing.column(limit.executeQuery()).size(), 5,
					mode + ": LIMIT ?, time " + i);
				Testing.calls(0, 1, mode + ": LIMIT ?, time " + i);
			}
		}
	}

	private static void checkPrepared(Connection connection, String mode) throws SQLException
	{
		try (Statement statement = connection.createStatement())
		{
			String named = Testing.column(statement.executeQuery(
				"SELECT count(*) > 0 FROM pg_prepared_statements"
				+ " WHERE statement LIKE '%FROM model_comp_tasks%'")).get(0);
			Testing.equal(named, mode.equals("simple") ? "f" : "t", mode + ": a named statement");
		}
	}

	/** Every column in its own type, as text and in the driver's binary format. */
	private static void testTypes(Connection connection, String mode) throws Exception
	{
		String where = " WHERE id = ANY (?) ORDER BY id";
		try (PreparedStatement got = connection.prepareStatement("SELECT * FROM model_comp_tasks" + where);
			 PreparedStatement expected = connection.prepareStatement("SELECT * FROM expected" + where))
		{
			for (int i = 0; i < TIMES; i += 3)
			{
				Object[] some = Arrays.copyOfRange(ids, i * 40, i * 40 + 40);
				got.setArray(1, connection.createArrayOf("text", some));
				expected.setArray(1, connection.createArrayOf("text", some));
				String rows = describe(got.executeQuery());
				Testing.equal(rows, describe(expected.executeQuery()), mode + ": all types, time " + i);
				Testing.ok(rows.contains("\u538b\u7f29\u4efb\u52a1") && rows.contains("\ud83d\ude80"),
					mode + ": text beyond ASCII, time " + i);
			}
		}
	}

	/** Rows as text, each value read as what it is. */
	private static String describe(ResultSet rows) throws SQLException
	{
		StringBuilder text = new StringBuilder();
		while (rows.next())
		{
			for (String name : new String[] {"id", "name", "state", "source_model_id", "model_id",
				"strategy", "weight", "failed_reason", "description", "config", "create_time"})
				text.append(rows.getString(name)).append('|');
			text.append(rows.getDouble("sparsity_ratio")).append(rows.wasNull()).append('|')
				.append(rows.getBigDecimal("sparsity_ratio")).append('|')
				.append(rows.getObject("create_time", OffsetDateTime.class).toInstant()).append('|')
				.append(rows.getObject("finish_time", OffsetDateTime.class)).append('|')
				.append(rows.getTimestamp("finish_time")).append('|')
				.append(rows.getObject("config")).append('\n');
		}
		return text.toString();
	}

	/** What a BI tool asks the catalog before anybody asks for rows. */
	private static void testCatalog(Connection connection) throws Exception
	{
		DatabaseMetaData data = connection.getMetaData();
		List<String> columns = new ArrayList<>();

		Testing.ctl("reset");
		try (ResultSet tables = data.getTables(null, "public", "model%", new String[] {"FOREIGN TABLE"}))
		{
			Testing.ok(tables.next(), "getTables finds it");
			Testing.equal(tables.getString("TABLE_NAME") + ", " + tables.getString("TABLE_TYPE"),
				"model_comp_tasks, FOREIGN TABLE", "getTables: name and type");
		}
		try (ResultSet rows = data.getColumns(null, "public", "model_comp_tasks", "%"))
		{
			while (rows.next())
			{
				String remarks = rows.getString("REMARKS");
				columns.add(rows.getString("COLUMN_NAME") + " " + rows.getString("TYPE_NAME")
					+ (remarks == null || remarks.isEmpty() ? " without comment" : ""));
			}
		}
		Testing.equal(columns, "[id text, name text, state text, source_model_id text, model_id text,"
			+ " strategy text, weight text, sparsity_ratio float8, create_time timestamptz,"
			+ " finish_time timestamptz, failed_reason text, description text, config jsonb]",
			"getColumns: names, types and comments");
		try (ResultSet keys = data.getPrimaryKeys(null, "public", "model_comp_tasks");
			 ResultSet indexes = data.getIndexInfo(null, "public", "model_comp_tasks", false, true);
			 ResultSet imported = data.getImportedKeys(null, "public", "model_comp_tasks");
			 ResultSet privileges = data.getTablePrivileges(null, "public", "model_comp_tasks"))
		{
			Testing.ok(!keys.next() && !indexes.next() && !imported.next(), "no keys, no indexes");
			Testing.ok(privileges.next(), "getTablePrivileges");
		}
		try (PreparedStatement statement = connection.prepareStatement("SELECT * FROM model_comp_tasks WHERE id = ?"))
		{
			Testing.equal(statement.getMetaData().getColumnCount(), 13, "getMetaData before execution");
			Testing.equal(statement.getParameterMetaData().getParameterTypeName(1), "text", "getParameterMetaData");
		}
		Testing.calls(0, 0, "the catalog");
	}

	/** Runs all of it. */
	public static void main(String[] arguments) throws Exception
	{
		ids = Testing.ids();
		for (String mode : MODES)
		{
			try (Connection connection =
					 Testing.connect("prepareThreshold=3&preferQueryMode=" + mode))
			{
				testPrepared(connection, mode);
				testTypes(connection, mode);
				Testing.checkNothingLeft(connection, ids[0], mode);
			}
		}
		try (Connection connection = Testing.connect(""))
		{
			testCatalog(connection);
		}
		System.out.println("done");
	}
}
