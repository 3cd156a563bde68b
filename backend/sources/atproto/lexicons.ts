import { isNsid } from '@atcute/lexicons/syntax'
import { jsonToLex, LexiconDefNotFoundError, type LexiconDoc, Lexicons, parseLexiconDoc } from '@atproto/lexicon'
import { Refused } from '../../engine/errors'
import type { Json, Reader } from '../../engine/source'
import { lexiconsVersion, readLexicons } from './store-lexicons'

/** Why a record does not fit the lexicon of its collection; undefined when it does, or when there is none to hold it to. */
export type FaultOf = (collection: string, value: unknown) => string | undefined

let kept: { version: string; faultOf: FaultOf } | undefined

/** Holds records to the uploaded lexicons, which are read again once they change. */
export async function validators(db: Reader): Promise<FaultOf> {
  const version = await lexiconsVersion(db)
  if (kept?.version === version) return kept.faultOf
  const lexicons = new Lexicons((await readLexicons(db)).map(({ document }) => document as unknown as LexiconDoc))
  kept = { version, faultOf: (collection, value) => faultOf(lexicons, collection, value) }
  return kept.faultOf
}

function faultOf(lexicons: Lexicons, collection: string, value: unknown): string | undefined {
  if (lexicons.getDef(collection)?.type !== 'record') return undefined
  const { $type } = value as { $type?: unknown }
  if ($type !== collection) return `its $type is ${JSON.stringify($type)?.slice(0, 100) ?? 'missing'}`
  try {
    const result = lexicons.validate(collection, jsonToLex(value as Parameters<typeof jsonToLex>[0]))
    return result.success ? undefined : result.error.message
  } catch (error) {
    // It refers to one that is not uploaded.
    if (error instanceof LexiconDefNotFoundError) return undefined
    if (error instanceof Error) return error.message
    throw error
  }
}

/** The first fault that the lexicon's own schema finds. */
const issueIn = (error: unknown): { path: string; message: string } | undefined => {
  const [issue] = (error as { issues?: { path: (string | number)[]; message: string }[] }).issues ?? []
  if (!issue) return undefined
  // Faults of a record are told from its definition on.
  const path = issue.path[0] === 'record' ? ['defs', 'main', ...issue.path] : issue.path
  return { path: path.join('.'), message: issue.message.split('\n')[0] ?? '' }
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
  try {
    const document = parseLexiconDoc(raw)
    // Parsed alone it may still contradict itself.
    new Lexicons([document])
    return { id, type: document.defs.main?.type ?? null, document: raw as Json }
  } catch (error) {
    const issue = issueIn(error)
    if (!issue) throw error
    return refuse(['lexicon_json', issue.path].filter(Boolean).join('.'), `has a fault (${issue.message})`)
  }
}
