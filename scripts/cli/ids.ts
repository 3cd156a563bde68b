import { readFileSync } from 'node:fs'
import { Refused } from '../../backend/base/errors'
import { idsIn, wordsOf } from '../../backend/base/vocabulary'
import type { Terminal } from './terminal'

/** An id as it was given, and where, for messages about it. */
export interface GivenId {
  text: string
  place: string
}

const idsOf = (text: string, name: string): GivenId[] => idsIn(text).map((id) => ({ text: id.text, place: `${name}, line ${id.line}` }))

function readIdsFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new Refused('input', code === 'ENOENT' ? `--file: ${path} does not exist.` : `--file: cannot read ${path} (${message}).`)
  }
}

/**
 * Ids from arguments, a file and standard input (`-`), each once.
 * @throws {Refused} `input` when there is none
 */
export async function collectIds(args: readonly string[], file: string | undefined, terminal: Terminal): Promise<GivenId[]> {
  const given: GivenId[] = []
  for (const [at, arg] of args.entries()) {
    if (arg === '-') given.push(...idsOf(await terminal.readStdin(), 'standard input'))
    else given.push(...wordsOf(arg).map((text) => ({ text, place: `argument ${at + 1}` })))
  }
  if (file === '-') given.push(...idsOf(await terminal.readStdin(), 'standard input'))
  else if (file !== undefined) given.push(...idsOf(readIdsFile(file), file))
  if (given.length === 0) {
    const from = args.includes('-') || file === '-' ? ' standard input contains none;' : file ? ` ${file} contains none;` : ''
    throw new Refused('input', `No ids given:${from} pass them as arguments, in a file with --file, or on standard input with -.`, 'ids')
  }
  const texts = new Set<string>()
  return given.filter(({ text }) => !texts.has(text) && texts.add(text))
}
