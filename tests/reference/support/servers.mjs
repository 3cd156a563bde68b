import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secp256k1Keypair } from '@atproto/crypto'
import { gone, made } from './leavings.mjs'

/*
 * The reference servers, each a process of its own. They end with this one: their channel to it closes.
 */

export async function freePort() {
  const server = createServer().listen(0)
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  return port
}

/** Starts a program of this folder and waits until it says that it is ready. */
async function start(script, env) {
  const child = fork(join(import.meta.dirname, script), {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  made('process', child.pid)
  child.once('exit', () => gone('process', child.pid))
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output = (output + chunk).slice(-5000)))
  const [told] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code, signal]) => {
      throw new Error(`${script} ended with ${code ?? signal}: ${output}`)
    }),
  ])
  return { child, ready: told.ready }
}

async function end(child, signal) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill(signal)
  await ended
}

export async function startPlc() {
  const { child, ready } = await start('plc-server.mjs', { LOG_ENABLED: 'false' })
  return { url: `http://127.0.0.1:${ready}`, close: () => end(child, 'SIGKILL') }
}

/** A PDS with a data folder of its own that outlives its process. */
export async function startPds(name, plcUrl) {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), `backhaul-reference-${name}-`))
  made('folder', folder)
  const blobs = join(folder, 'blobs')
  mkdirSync(blobs)
  const rotation = await Secp256k1Keypair.create({ exportable: true })
  const env = {
    LOG_ENABLED: 'false',
    PDS_PORT: String(port),
    PDS_HOSTNAME: 'localhost',
    PDS_SERVICE_DID: `did:web:${name}.test`,
    PDS_SERVICE_HANDLE_DOMAINS: '.test',
    PDS_DATA_DIRECTORY: folder,
    PDS_BLOBSTORE_DISK_LOCATION: blobs,
    PDS_DID_PLC_URL: plcUrl,
    PDS_JWT_SECRET: `secret-of-${name}`,
    PDS_ADMIN_PASSWORD: `admin-of-${name}`,
    PDS_PLC_ROTATION_KEY_K256_PRIVATE_KEY_HEX: Buffer.from(await rotation.export()).toString('hex'),
    PDS_INVITE_REQUIRED: 'false',
    PDS_DEV_MODE: 'true',
  }
  let { child } = await start('pds-server.mjs', env)
  let asked = 0
  return {
    name,
    host: `localhost:${port}`,
    url: `http://localhost:${port}`,
    did: env.PDS_SERVICE_DID,
    password: env.PDS_ADMIN_PASSWORD,
    rotation,
    /** Requests of the product since they were asked for last. */
    async requests() {
      const ask = ++asked
      const answer = new Promise((resolve) => {
        const onMessage = (message) => {
          if (message.answer !== ask) return
          child.off('message', onMessage)
          resolve(message.requests)
        }
        child.on('message', onMessage)
      })
      child.send({ ask })
      return await answer
    },
    stop: (signal = 'SIGKILL') => end(child, signal),
    async start(more = {}) {
      child = (await start('pds-server.mjs', { ...env, ...more })).child
    },
    async close() {
      await end(child, 'SIGKILL')
      rmSync(folder, { recursive: true, force: true })
      gone('folder', folder)
    },
  }
}
