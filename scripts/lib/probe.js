/** Prints in one word how PostgreSQL or RabbitMQ answers at a URL: ok, down, login, missing, or foreign with the error. */
const WORDS = {
  ECONNREFUSED: 'down',
  ENOTFOUND: 'down',
  ETIMEDOUT: 'down',
  EHOSTUNREACH: 'down',
  '28P01': 'login',
  28000: 'login',
  '3D000': 'missing',
}

async function postgres(url) {
  const { Client } = require('pg')
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 3000 })
  await client.connect()
  await client.end()
}

async function rabbitmq(url) {
  const { connect } = require('amqplib')
  const connection = await connect(url, { timeout: 3000 })
  await connection.close()
}

const word = (error) => {
  const code = error.code ?? error.errors?.[0]?.code
  if (WORDS[code]) return WORDS[code]
  if (/ACCESS[-_]REFUSED/.test(error.message)) return 'login'
  if (/vhost .* not found|NOT[-_]ALLOWED/.test(error.message)) return 'missing'
  return `foreign (${error.message})`
}

const url = process.argv[2]
const ask = url.startsWith('amqp') ? rabbitmq : postgres
ask(url).then(
  () => console.log('ok'),
  (error) => console.log(word(error)),
)
