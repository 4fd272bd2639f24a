'use strict';

// Finds the package "pg" (node-postgres): Debian's, the one that
// script/bootstrap has npm install, or a global one.

const path = require('path');

const MANAGED = '/usr/local/lib/qianfan_fdw-test/node_modules';

const directories = [
	...(process.env.NODE_PATH || '').split(path.delimiter).filter(Boolean),
	MANAGED,
	'/usr/share/nodejs',
	path.join(path.dirname(process.execPath), '../lib/node_modules'),
	'/usr/local/lib/node_modules',
	'/usr/lib/node_modules',
];

function find()
{
	for (const directory of directories)
	{
		try
		{
			return require(path.join(directory, 'pg'));
		}
		catch (error)
		{
			// not there, or not for this node
		}
	}
	throw new Error('no package "pg" in ' + directories.join(', '));
}

module.exports = find();
