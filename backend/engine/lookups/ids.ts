import type { ZodType } from 'zod'
import { Refused } from '../../base/errors'
import type { Id } from '../../base/json'

export interface ReadIds {
  /** As their lookup writes them, each once. */
  ids: Id[]
  faults: { text: string; message: string }[]
}

/** Ids as somebody wrote them, checked by what their lookup takes. */
export function readIds(id: ZodType<Id>, texts: readonly string[]): ReadIds {
  const ids = new Set<Id>()
  const faults: ReadIds['faults'] = []
  for (const text of texts) {
    const read = id.safeParse(text)
    if (read.success) ids.add(read.data)
    else faults.push({ text, message: read.error.issues[0]?.message ?? 'is not an id' })
  }
  return { ids: [...ids], faults }
}

/** The same where one bad id refuses all of them. @throws {Refused} `input` with the first bad one */
export function requireIds(id: ZodType<Id>, texts: readonly string[]): Id[] {
  const { ids, faults } = readIds(id, texts)
  const [first] = faults
  if (first) throw new Refused('input', `ids: ${JSON.stringify(first.text)} ${first.message}`, 'ids')
  return ids
}
