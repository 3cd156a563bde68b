import { type LexiconDoc, lexiconDoc } from '@atcute/lexicon-doc'
import { RecordValidator } from '@atcute/lexicon-doc/validations'
import { isNsid } from '@atcute/lexicons/syntax'
import { Refused } from '../../engine/errors'
import type { Json, Reader } from '../../engine/source'
import { lexiconsVersion, readLexicons } from './store-lexicons'

/** Why a record does not fit the lexicon of its collection; undefined when it does, or when there is none to hold it to. */
export type FaultOf = (collection: string, rkey: string, value: unknown) => string | undefined

let kept: { version: string; faultOf: FaultOf } | undefined

/** Holds records to the uploaded lexicons, which are read again once they change. */
export async function validators(db: Reader): Promise<FaultOf> {
  const version = await lexiconsVersion(db)
  if (kept?.version === version) return kept.faultOf
  const lexicons = await readLexicons(db)
  const documents = Object.fromEntries(lexicons.map(({ id, document }) => [id, document as unknown as LexiconDoc]))
  const made = new Map<string, RecordValidator | undefined>()
  const validatorOf = (collection: string): RecordValidator | undefined => {
    if (!made.has(collection)) made.set(collection, validatorFor(documents, collection))
    return made.get(collection)
  }
  const faultOf: FaultOf = (collection, rkey, value) => {
    const result = validatorOf(collection)?.try({ key: rkey, object: value })
    return result === undefined || result.ok ? undefined : result.message
  }
  kept = { version, faultOf }
  return faultOf
}

/** Undefined where there is no record lexicon of this name, or where it refers to one that is not uploaded. */
function validatorFor(documents: Record<string, LexiconDoc>, collection: string): RecordValidator | undefined {
  if (!isNsid(collection) || documents[collection]?.defs.main?.type !== 'record') return undefined
  try {
    return new RecordValidator(documents, collection)
  } catch (error) {
    if (error instanceof Error && /nonexistent/.test(error.message)) return undefined
    throw error
  }
}

/**
 * A lexicon as somebody sends it: https://atproto.com/specs/lexicon
 * @returns its id and the type of its main definition
 * @throws {Refused} `input` naming the field
 */
export function readLexicon(raw: unknown): { id: string; type: string | null; document: Json } {
  const refuse = (field: string, message: string): never => {
    throw new Refused('input', `${field} ${message}.`, field)
  }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return refuse('lexicon_json', 'must be a lexicon, as a JSON object')
  const { lexicon, id, defs } = raw as Record<string, unknown>
  if (lexicon !== 1) return refuse('lexicon_json.lexicon', 'must be 1')
  if (typeof id !== 'string' || !isNsid(id)) return refuse('lexicon_json.id', 'must be an NSID like app.bsky.feed.post')
  if (typeof defs !== 'object' || defs === null || Array.isArray(defs))
    return refuse('lexicon_json.defs', 'must be an object of definitions')
  const parsed = lexiconDoc['~standard'].validate(raw)
  if (parsed instanceof Promise) throw new Error('a lexicon is checked at once')
  const [issue] = parsed.issues ?? []
  if (issue) {
    const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
    return refuse(['lexicon_json', path].filter(Boolean).join('.'), `has a fault (${issue.message})`)
  }
  const { main } = defs as { main?: { type?: unknown } }
  return { id, type: typeof main?.type === 'string' ? main.type : null, document: raw as Json }
}
