import { readFileSync, writeFileSync } from 'node:fs'
import { parse } from 'dotenv'
import { Refused } from '../base/errors'

/*
 * The one parser of .env, for the processes and, through scripts/lib/env-file.js, for the shell scripts: read in two ways, setup
 * migrates another database than the processes use.
 */

/**
 * The settings in a file like .env; none when there is no such file.
 * @throws {Refused} `setup` when there is one and it cannot be read, or is not text in UTF-8
 */
export function readEnvFile(path: string): Record<string, string> {
  const bytes = contents(path)
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    if (!text.includes('\0')) return parse(text)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
  }
  throw new Refused('setup', `${path} is not text in UTF-8 (some editors save UTF-16 or Latin-1): save it as UTF-8.`)
}

function contents(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return Buffer.alloc(0)
    throw new Refused('setup', `${path} cannot be read (${message}): let this user read it, or remove it.`)
  }
}

/**
 * Writes a file like .env that only its owner may read: the template with these settings in the place of its own, and those it
 * does not have at its end.
 * @throws {Refused} `setup` for a value that no quotes can hold
 */
export function writeEnvFile(path: string, template: string, settings: Record<string, string>): void {
  let text = template
  for (const [name, value] of Object.entries(settings)) {
    const line = lineOf(name, value)
    const place = new RegExp(`^${name}=.*$`, 'm')
    text = place.test(text) ? text.replace(place, () => line) : `${text}${line}\n`
  }
  writeFileSync(path, text, { mode: 0o600 })
}

/** Bare where that is read back as it is, else in the first quotes that do. */
export function lineOf(name: string, value: string): string {
  const line = ['', "'", '"', '`'].map((quote) => `${name}=${quote}${value}${quote}`).find((one) => parse(one)[name] === value)
  if (line === undefined) throw new Refused('setup', `${name} cannot be written to a file: it holds quotes of every kind.`, name)
  return line
}
