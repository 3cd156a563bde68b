/*
 * The driver of PostgreSQL. It asks `navigator`, which Node.js has from version 21 on, whether it runs in a worker of Cloudflare; without
 * one it makes a Response to find out, for which Node.js loads an HTTP client: a tenth of the start of a command.
 */
const scope = globalThis as { navigator?: { userAgent: string } }
scope.navigator ??= { userAgent: `Node.js/${process.versions.node.split('.')[0]}` }

export { Client, type Connection, Pool, type PoolClient, Query, type QueryResult, TypeOverrides } from 'pg'
