/** fresh-database.js <url> <url of another database>: drops and creates the database of the first URL. */
const { Client } = require('pg')
const { databaseOf } = require('../../dist/backend/database/url')

async function main([url, from]) {
  const name = databaseOf(url)
  const client = new Client({ connectionString: from, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    await client.query(`drop database if exists "${name}" with (force)`)
    await client.query(`create database "${name}"`)
  } finally {
    await client.end()
  }
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error.message)
  process.exitCode = 1
})
