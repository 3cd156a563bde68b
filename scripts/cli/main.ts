import { Command } from 'commander'
import { leave } from '../../backend/base/stdio'
import { type Context, createContext, isDebug } from './context'
import { explain } from './explain'
import { processTerminal, type Terminal } from './terminal'

/** Builds a command line; everything it does goes through the context. */
export type Build = (context: Context) => Command

/** A commander program that throws instead of exiting and leaves its errors to `explain`. */
export function createProgram(name: string, about: string, { terminal }: Context): Command {
  return new Command(name)
    .description(about)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
      outputError: () => undefined,
    })
    .helpCommand(false)
}

/** Runs a command line. @returns the exit code */
export async function run(build: Build, argv: readonly string[], terminal: Terminal): Promise<number> {
  const context = createContext(terminal)
  try {
    await build(context).parseAsync(argv, { from: 'user' })
    return context.exitCode
  } catch (error) {
    const { message, code } = explain(error, databaseUrlOf(context))
    if (message) terminal.err(message)
    if (message && isDebug(terminal.env)) terminal.err((error as Error).stack ?? '')
    return code
  } finally {
    await context.close()
  }
}

function databaseUrlOf(context: Context): string | undefined {
  try {
    return context.config.databaseUrl
  } catch {
    // The settings themselves are wrong; the error being explained says so.
    return undefined
  }
}

/** Runs a command line as this process. */
export async function main(build: Build): Promise<never> {
  return leave(await run(build, process.argv.slice(2), processTerminal()))
}
