import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { allowClosedPipes, leave } from '../backend/base/stdio'
import { startSandbox } from '../backend/sandbox/server'

/** `yarn sandbox`: the upstreams on this machine, until Ctrl-C. */

const whole = (low: number) => (text: string) => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < low) throw new InvalidArgumentError(`must be a whole number from ${low} on.`)
  return value
}
const factor = (text: string) => {
  const value = Number(text)
  if (!(value > 0)) throw new InvalidArgumentError('must be a number above 0.')
  return value
}
const date = (text: string) => {
  const value = new Date(text)
  if (Number.isNaN(value.getTime())) throw new InvalidArgumentError('must be a date, such as 2026-06-30.')
  return value
}

interface Options {
  port: number
  scale: number
  seed: number
  speed: number
  open: boolean
  now?: Date
  fresh: number
  bigAttackers?: number
  zkbForm: 'new' | 'old'
  oddities: boolean
  repos: number
  pdses: number
  verbose: boolean
}

const print = (line: string) => process.stdout.write(`${line}\n`)

async function start(options: Options): Promise<void> {
  const sandbox = await startSandbox({ ...options, log: options.verbose ? print : undefined })
  for (const [name, url] of Object.entries(sandbox.urls)) print(`${name}=${url}`)
  print(`LIMITS='${JSON.stringify(sandbox.limits)}'`)
  print('ALLOW_PRIVATE_HOSTS=true')
  print('CONTACT=sandbox@example.org')
  process.send?.('ready')
  const stop = () => {
    sandbox.close().then(
      () => leave(0),
      (error: Error) => {
        process.stderr.write(`The sandbox did not close: ${error.message}\n`)
        return leave(1)
      },
    )
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  process.on('message', (message) => message === 'shutdown' && stop())
}

const program = new Command('sandbox')
  .exitOverride()
  .description('Runs the upstreams as a small local server with a reproducible world. GET /_sandbox lists its controls.')
  .option('--port <number>', 'port on 127.0.0.1; 0 takes a free one', whole(0), 4300)
  .option('--scale <killmails>', 'size of the world', whole(1), 5000)
  .option('--seed <number>', 'which world', whole(0), 1)
  .option('--speed <factor>', 'divides the periods of all limits', factor, 1)
  .option('--open', 'no limits', false)
  .option('--now <date>', 'where history ends (2026-06-30)', date)
  .option('--fresh <killmails>', 'killmails of ten minutes ago on top', whole(0), 0)
  .option('--big-attackers <number>', 'attackers of the one big fight', whole(0))
  .addOption(
    new Option('--zkb-form <form>', 'new: whole bodies in the pages; old: killmail_id and zkb only').choices(['new', 'old']).default('new'),
  )
  .option('--repos <accounts>', 'accounts in the AT Protocol network', whole(1), 40)
  .option('--pdses <servers>', 'servers they live on, on the ports after --port where those are free', whole(1), 4)
  .option('--no-oddities', 'nothing that is hard to complete: killmails made by hand, people without a name, repos that are gone')
  .option('--verbose', 'one line a request', false)

const run = async (): Promise<void> => start(program.parse().opts<Options>())

if (require.main === module) {
  allowClosedPipes()
  run().catch((error: NodeJS.ErrnoException) => {
    // commander has said it already.
    if (error instanceof CommanderError) return leave(error.exitCode === 0 ? 0 : 2)
    const { port } = program.opts<Options>()
    process.stderr.write(
      error.code === 'EADDRINUSE'
        ? `Port ${port} is taken; stop what uses it or give --port.\n`
        : `The sandbox did not start: ${error.message}\n`,
    )
    return leave(1)
  })
}
