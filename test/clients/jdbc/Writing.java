import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Creates, cancels and deletes tasks as programs with JDBC do. */
public final class Writing
{
	private static final String TABLE = "writable.model_comp_tasks";
	private static final String INSERT = "INSERT INTO " + TABLE
		+ " (name, source_model_id, model_set_id, strategy) VALUES (?, 'amv-1', 'am-1', 'Sparsity')";

	private Writing()
	{
	}

	/** Ids of the tasks that were created, as the simulator has them. */
	private static List<String> created() throws Exception
	{
		List<String> ids = new ArrayList<>();
		for (String line : Testing.ctl("changes").split("\n"))
		{
			if (line.startsWith("created "))
				ids.add(line.split(" ")[1]);
		}
		return ids;
	}

	/** The key that the driver asks for, in its two ways, and RETURNING. */
	private static void testKeys(Connection connection) throws Exception
	{
		Testing.ctl("reset");
		try (PreparedStatement named = connection.prepareStatement(INSERT, new String[] {"id"});
			 PreparedStatement all = connection.prepareStatement(INSERT, Statement.RETURN_GENERATED_KEYS);
			 PreparedStatement returning = connection.prepareStatement(INSERT + " RETURNING id"))
		{
			List<String> got = new ArrayList<>();
			for (int i = 0; i < 5; i++)
			{
				named.setString(1, "n" + i);
				named.executeUpdate();
				got.addAll(Testing.column(named.getGeneratedKeys()));
			}
			Testing.equal(Testing.ctl("calls"), "CreateModelCompTask=5", "a key costs no call");
			all.setString(1, "all");
			all.executeUpdate();
			try (ResultSet keys = all.getGeneratedKeys())
			{
				keys.next();
				got.add(keys.getString("id"));
				Testing.equal(keys.getString("state"), "creating", "all columns are read");
			}
			returning.setString(1, "r");
			got.addAll(Testing.column(returning.executeQuery()));
			Testing.equal(got, created(), "the keys");
		}
	}

	/** A batch, with and without keys. */
	private static void testBatch(Connection connection) throws Exception
	{
		Testing.ctl("reset");
		try (PreparedStatement keyed = connection.prepareStatement(INSERT, new String[] {"id"});
			 PreparedStatement plain = connection.prepareStatement(INSERT))
		{
			for (PreparedStatement statement : Arrays.asList(keyed, plain))
			{
				for (int i = 0; i < 10; i++)
				{
					statement.setString(1, "b" + i);
					statement.addBatch();
				}
				Testing.equal(statement.executeBatch().length, 10, "a batch");
			}
			Testing.equal(Testing.column(keyed.getGeneratedKeys()), created().subList(0, 10), "its keys");
			Testing.equal(created().size(), 20, "all are there");
		}
	}

	/** Cancelled and deleted; a rollback says what stays. */
	private static void testChanges(Connection connection) throws Exception
	{
		String id = created().get(0);
		try (PreparedStatement cancel = connection.prepareStatement(
				 "UPDATE " + TABLE + " SET state = 'stopping' WHERE id = ?");
			 PreparedStatement delete = connection.prepareStatement("DELETE FROM " + TABLE + " WHERE id = ?");
			 PreparedStatement insert = connection.prepareStatement(INSERT))
		{
			cancel.setString(1, id);
			Testing.equal(cancel.executeUpdate(), 1, "cancelled");
			delete.setString(1, id);
			Testing.equal(delete.executeUpdate(), 1, "deleted");
			Testing.equal(created().contains(id), false, "it is gone");

			Testing.ctl("fail", "http-503", "--action", "CreateModelCompTask", "--effect", "after");
			insert.setString(1, "lost");
			Testing.fails("HV00L", insert::executeUpdate, "a lost answer");
		}
	}

	/** Runs all of it. */
	public static void main(String[] arguments) throws Exception
	{
		try (Connection connection = Testing.connect("prepareThreshold=3"))
		{
			testKeys(connection);
			testBatch(connection);
			testChanges(connection);
		}
		System.out.println("done");
	}
}
