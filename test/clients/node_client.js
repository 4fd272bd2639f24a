'use strict';

// Reads the foreign table as programs with node-postgres do.

const http = require('http');
const util = require('util');
const { Client, Pool } = require('./node_pg.js');

const ALL = 'SELECT id FROM model_comp_tasks';
const CONTROL = process.env.QIANFAN_SIMULATOR_CONTROL;
let ids;

// What the command "ctl WORDS" prints; see test/simulator.
function ctl(...words)
{
	return new Promise((resolve, reject) =>
	{
		const request = http.request(CONTROL + '/ctl', { method: 'POST' }, (answer) =>
		{
			let text = '';
			answer.setEncoding('utf8');
			answer.on('data', (chunk) => { text += chunk; });
			answer.on('end', () => (answer.statusCode === 200 ?
				resolve(text.trim()) : reject(new Error(text))));
		});
		request.on('error', reject);
		request.end(JSON.stringify(words.map(String)));
	});
}

function equal(got, expected, title)
{
	const passed = util.isDeepStrictEqual(got, expected);
	console.log(`${passed ? 'ok' : 'not ok'} - ${title}`);
	if (!passed)
	{
		console.log(`# got: ${JSON.stringify(got)}`);
		console.log(`# expected: ${JSON.stringify(expected)}`);
	}
}

// Checks the calls since the last reset.
async function calls({ details = 0, pages = 0 }, title)
{
	const parts = [];
	if (details)
		parts.push(`DescribeModelCompTask=${details}`);
	if (pages)
		parts.push(`DescribeModelCompTasks=${pages}`);
	equal(await ctl('calls'), parts.join(' ') || 'none', `${title}: API calls`);
}

// Checks the SQLSTATE a promise is rejected with.
async function fails(promise, code, title)
{
	const error = await promise.then(() => ({ code: 'no error', message: '' }), (e) => e);
	equal(error.code, code, `${title}: SQLSTATE`);
	equal(error.message.includes('test-secret-key'), false, `${title}: no secret`);
}

const column = (result) => result.rows.map((row) => row.id);

async function testQueries(client)
{
	await ctl('reset');
	equal(column(await client.query(ALL)), ids, 'simple: the list');
	await calls({ pages: 10 }, 'simple');

	await ctl('reset');
	equal(column(await client.query({ text: ALL, rows: 64 })), ids, 'in batches of 64');
	await calls({ pages: 10 }, 'in batches');

	for (const [title, condition, value, expected] of [
		['= $1', 'id = $1', ids[3], ids.slice(3, 4)],
		['= ANY($1)', 'id = ANY($1)', ids.slice(5, 45), ids.slice(5, 45)],
		['= ANY($1) with null', 'id = ANY($1)', [null, ids[1]], ids.slice(1, 2)],
		['= ANY($1) with nothing', 'id = ANY($1)', [], []],
		['= null', 'id = $1', null, []],
		['= undefined', 'id = $1', undefined, []]])
	{
		await ctl('reset');
		equal(column(await client.query(`${ALL} WHERE ${condition}`, [value])), expected, title);
		await calls({ details: expected.length }, title);
	}

	await ctl('reset');
	const several = await client.query(`${ALL} WHERE id = '${ids[0]}'; ${ALL} LIMIT 3`);
	equal(several.map(column), [ids.slice(0, 1), ids.slice(0, 3)], 'two statements at once');
	await calls({ details: 1, pages: 1 }, 'two statements at once');
}

// Executed often enough to get a generic plan.
async function testNamed(client)
{
	for (let i = 0; i < 10; i++)
	{
		await ctl('reset');
		const [one, many] = await Promise.all([
			client.query({ name: 'one', text: `${ALL} WHERE id = $1`, values: [ids[i]] }),
			client.query({ name: 'many', text: `${ALL} WHERE id = ANY($1)`,
				values: [ids.slice(10 * i, 11 * i + 2)] })]);
		equal(column(one), [ids[i]], `named statement, time ${i}`);
		equal(column(many), ids.slice(10 * i, 11 * i + 2), `named statement with array, time ${i}`);
		await calls({ details: i + 3 }, `named statements, time ${i}`);
	}
	const plans = await client.query(
		'SELECT name FROM pg_prepared_statements WHERE generic_plans > 0 ORDER BY name');
	equal(plans.rows.map((row) => row.name), ['many', 'one'], 'named statements have generic plans');
}

async function testTypes(client)
{
	const where = 'WHERE id = ANY($1) ORDER BY id';
	const columns = 'id, name, state, source_model_id, model_id, strategy, weight, sparsity_ratio,'
		+ ' create_time, finish_time, failed_reason, description, config';
	const some = [ids.slice(0, 100)];
	const got = (await client.query(`SELECT * FROM model_comp_tasks ${where}`, some)).rows;
	equal(got, (await client.query(`SELECT ${columns} FROM expected ${where}`, some)).rows, 'all types');
	equal(got.every((row) => row.create_time instanceof Date), true, 'timestamptz is a Date');
	equal(got.every((row) => typeof row.config === 'object'), true, 'jsonb is an object');
	equal(got.some((row) => typeof row.sparsity_ratio === 'number'), true, 'double is a number');
	equal(got.some((row) => row.name.includes('压缩任务')), true, 'Chinese text');
}

// Many queries at once over few sessions, then errors, then the end.
async function testPool()
{
	const pool = new Pool({ max: 4 });
	await ctl('reset');
	const results = await Promise.all(ids.slice(0, 40).map(
		(id) => pool.query(`${ALL} WHERE id = $1`, [id])));
	equal(results.map((result) => result.rows[0].id), ids.slice(0, 40), 'pool: 40 queries');
	equal(pool.totalCount, 4, 'pool: over 4 sessions');
	await calls({ details: 40 }, 'pool');
	equal(await ctl('get', 'connections'), '4', 'pool: each session keeps its connection');

	await ctl('reset');
	await ctl('hold');
	const held = ids.slice(0, 4).map((id) => pool.query(`${ALL} WHERE id = $1`, [id]));
	await ctl('wait', 'held', 4);
	await ctl('release');
	equal((await Promise.all(held)).map((result) => result.rowCount), [1, 1, 1, 1],
		'pool: sessions wait at the same time');

	await ctl('reset');
	await ctl('fail', 'http-400', '--times', 2);
	await Promise.all([fails(pool.query(ALL), 'HV000', 'pool: an error'),
		fails(pool.query(ALL), 'HV000', 'pool: another error'),
	]);
	equal(column(await pool.query(`${ALL} WHERE id = $1`, [ids[9]])), [ids[9]], 'pool: afterwards');
	await pool.end();
}

// Stopped from outside, and by the timeout the driver sets.
async function testCancel(client)
{
	const hasty = new Client({ statement_timeout: 300 });
	await hasty.connect();
	const { pid } = (await hasty.query('SELECT pg_backend_pid() AS pid')).rows[0];

	await ctl('reset');
	await ctl('hold');
	await fails(hasty.query(ALL), '57014', 'statement_timeout');
	await ctl('wait', 'in_flight', 0, '--at-most');
	await hasty.query('SET statement_timeout = 0');
	const query = fails(hasty.query(`${ALL} WHERE id = ANY($1)`, [ids.slice(0, 20)]), '57014', 'cancel');
	await ctl('wait', 'held', 16);
	await client.query('SELECT pg_cancel_backend($1)', [pid]);
	await query;
	await ctl('wait', 'in_flight', 0, '--at-most');
	await ctl('release');
	equal(column(await hasty.query(`${ALL} WHERE id = $1`, [ids[0]])), [ids[0]], 'the session goes on');
	await hasty.end();
}

async function main()
{
	const client = new Client();
	await client.connect();
	ids = column(await client.query('SELECT id FROM expected ORDER BY n'));
	await testQueries(client);
	await testNamed(client);
	await testTypes(client);
	await testPool();
	await testCancel(client);
	await client.end();
	console.log('done');
}

main().catch((error) =>
{
	console.error(error);
	process.exit(1);
});
