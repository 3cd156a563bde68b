import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'
import { allowClosedPipes, leave } from '../backend/base/stdio'
import { SANDBOX_SOURCES } from '../backend/sandbox/registry'
import { optionsOf, type SandboxOptions, startSandbox } from '../backend/sandbox/server'

/** `yarn sandbox`: runs the upstream APIs on this machine until Ctrl-C. */

const print = (line: string) => process.stdout.write(`${line}\n`)

/** The flag of an option: its value is what the option's schema makes of the text. */
function flagOf(name: string, schema: z.ZodType): Option {
  const { value, description = '' } = schema.meta() ?? {}
  const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  const initial = schema.safeParse(undefined).data
  if (value === undefined) return new Option(initial === true ? `--no-${flag}` : `--${flag}`, description)
  const option = new Option(`--${flag} <${value}>`, description).argParser((text) => {
    const parsed = schema.safeParse(text)
    if (parsed.success) return parsed.data
    throw new InvalidArgumentError(`${parsed.error.issues[0]?.message}.`)
  })
  return initial === undefined || initial instanceof Date ? option : option.default(initial)
}

const program = new Command('sandbox')
  .exitOverride()
  .description('Runs the upstream APIs as local servers with reproducible data. GET /_sandbox lists the controls.')
  .addOption(
    flagOf(
      'port',
      z.coerce
        .number('must be a number')
        .int()
        .min(0)
        .max(65_535)
        .default(4300)
        .meta({ value: 'number', description: 'port on 127.0.0.1; 0 picks a free one' }),
    ),
  )
for (const [name, schema] of Object.entries(optionsOf(SANDBOX_SOURCES))) program.addOption(flagOf(name, schema as z.ZodType))
program.option('--verbose', 'print one line per request', false)

type Flags = SandboxOptions & { verbose: boolean }

async function start({ verbose, ...options }: Flags): Promise<void> {
  const sandbox = await startSandbox({ ...options, log: verbose ? print : undefined })
  for (const [name, url] of Object.entries(sandbox.urls)) print(`${name}=${url}`)
  print(`LIMITS='${JSON.stringify(sandbox.limits)}'`)
  print('ALLOW_PRIVATE_HOSTS=true')
  print('CONTACT=sandbox@example.org')
  process.send?.('ready')
  const stop = () => {
    sandbox.close().then(
      () => leave(0),
      (error: Error) => {
        process.stderr.write(`The sandbox failed to stop: ${error.message}\n`)
        return leave(1)
      },
    )
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  process.on('message', (message) => message === 'shutdown' && stop())
}

const run = async (): Promise<void> => start(program.parse().opts<Flags>())

if (require.main === module) {
  allowClosedPipes()
  run().catch((error: NodeJS.ErrnoException) => {
    // commander has printed it already.
    if (error instanceof CommanderError) return leave(error.exitCode === 0 ? 0 : 2)
    const { port } = program.opts<Flags>()
    process.stderr.write(
      error.code === 'EADDRINUSE'
        ? `Port ${port} is in use; stop the program that uses it, or choose another with --port.\n`
        : `The sandbox failed to start: ${error.message}\n`,
    )
    return leave(1)
  })
}
