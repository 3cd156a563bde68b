import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { allowClosedPipes } from '../../backend/base/stdio'

/** What a command reads and writes, so that tests can replace it. */
export interface Terminal {
  out(line: string): void
  err(line: string): void
  env: NodeJS.ProcessEnv
  /** Whether a bar can be drawn on stdout. */
  isTty: boolean
  /** For output that is not lines of text: a file through a pipe. */
  stdout: Writable
  /** Whether a bar can be drawn on stderr, beside data on stdout. */
  isErrTty: boolean
  readStdin(): Promise<string>
  /** A line that is not shown while it is typed, or all of stdin where nobody types. @returns undefined after Ctrl-C */
  readSecret(question: string): Promise<string | undefined>
  /** Calls back at Ctrl-C instead of exiting. @returns what stops this */
  onInterrupt(callback: () => void): () => void
}

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

async function readSecret(question: string): Promise<string | undefined> {
  if (!process.stdin.isTTY) return await readStdin()
  process.stderr.write(question)
  const nowhere = new Writable({ write: (_, __, done) => done() })
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  try {
    return await new Promise((resolve) => {
      lines.once('line', resolve)
      lines.once('SIGINT', () => resolve(undefined))
      lines.once('close', () => resolve(undefined))
    })
  } finally {
    lines.close()
    process.stderr.write('\n')
  }
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  allowClosedPipes()
  return {
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
    env: process.env,
    isTty: process.stdout.isTTY === true,
    stdout: process.stdout,
    isErrTty: process.stderr.isTTY === true,
    readStdin,
    readSecret,
    onInterrupt(callback) {
      process.on('SIGINT', callback)
      return () => process.off('SIGINT', callback)
    },
  }
}
