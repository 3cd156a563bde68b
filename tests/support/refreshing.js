/**
 * A process that asks for the tokens of a credential, to be killed while it refreshes them:
 * node refreshing.js <database URL> <token URL> <key> <id>
 */
const { createSealer } = require('../../dist/backend/base/seal')
const { openDb } = require('../../dist/backend/database/db')
const { createCredentials } = require('../../dist/backend/engine/credentials')

const [databaseUrl, tokenUrl, key, id] = process.argv.slice(2)
const log = { debug() {}, info() {}, warn() {}, error() {} }
const refresh = async (tokens) => {
  const answer = await fetch(tokenUrl, { method: 'POST', body: new URLSearchParams({ refresh_token: tokens.refresh }) })
  return await answer.json()
}
const source = { name: 'toy', credentials: { toy: { refresh } } }
const use = { signal: new AbortController().signal, log }
const store = createCredentials({ db: openDb(databaseUrl), sealer: createSealer([Buffer.from(key, 'hex')]) })
void store.tokens({ source, kind: 'toy', id, use, http: () => undefined })
