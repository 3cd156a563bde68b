import { envToCfg, envToSecrets, PDS, readEnv } from '@atproto/pds'

/**
 * The reference PDS, set up by its own variables. Its parent is told when it listens, and of the requests that came with the
 * product's User-Agent.
 */
const env = readEnv()
const pds = await PDS.create(envToCfg(env), envToSecrets(env))
const listener = await pds.start()

let seen = []
listener.prependListener('request', (request, response) => {
  if (!request.headers['user-agent']?.startsWith('backhaul')) return
  const one = { path: request.url, began: Date.now() }
  seen.push(one)
  response.on('finish', () => {
    one.status = response.statusCode
    one.ended = Date.now()
    one.reset = Number(response.getHeader('ratelimit-reset')) || undefined
    one.left = Number(response.getHeader('ratelimit-remaining'))
  })
})
process.on('message', ({ ask }) => {
  process.send({ answer: ask, requests: seen })
  seen = []
})
process.on('disconnect', () => process.exit(0))
process.send({ ready: env.port })
