import type { LexiconDoc, Lexicons } from '@atproto/lexicon'
import { Refused } from '../../base/errors'
import type { Json } from '../../base/json'
import type { Reader } from '../../base/sql'
import { faultOfBlobs } from './lexicon-blobs'
import { withoutInline } from './lexicon-inline'
import { lexiconsVersion, readLexicons } from './store-lexicons'
import { isNsid, isTid } from './syntax'

/** Why a record does not fit the lexicon of its collection; undefined when it does, or when there is none to hold it to. */
export type FaultOf = (record: { collection: string; rkey: string }, value: unknown) => string | undefined

/** A tenth of what a process loads, and most processes check no record: loaded with the first lexicon. */
const library = () => require('@atproto/lexicon') as typeof import('@atproto/lexicon')

let kept: { version: string; faultOf: FaultOf } | undefined

/** Holds records to the uploaded lexicons, which are read again once they change. */
export async function validators(db: Reader): Promise<FaultOf> {
  const version = await lexiconsVersion(db)
  if (kept?.version === version) return kept.faultOf
  const { Lexicons } = library()
  const lexicons = new Lexicons((await readLexicons(db)).map(({ document }) => withoutInline(document) as unknown as LexiconDoc))
  kept = { version, faultOf: (record, value) => faultOf(lexicons, record, value) }
  return kept.faultOf
}

function faultOf(lexicons: Lexicons, { collection, rkey }: { collection: string; rkey: string }, value: unknown): string | undefined {
  const definition = lexicons.getDef(collection)
  if (definition?.type !== 'record') return undefined
  const wrongKey = faultOfKey(definition.key, rkey)
  if (wrongKey !== undefined) return wrongKey
  const { jsonToLex, LexiconDefNotFoundError } = library()
  const { $type } = value as { $type?: unknown }
  if ($type !== collection) return `its $type is ${JSON.stringify($type)?.slice(0, 100) ?? 'missing'}`
  try {
    const result = lexicons.validate(collection, jsonToLex(value as Parameters<typeof jsonToLex>[0]))
    return result.success ? faultOfBlobs(lexicons, definition.record, value, 'Record') : result.error.message
  } catch (error) {
    // It refers to one that is not uploaded.
    if (error instanceof LexiconDefNotFoundError) return undefined
    if (error instanceof Error) return error.message
    throw error
  }
}

/** Forms of a record key: https://atproto.com/specs/record-key. Other forms are not checked. */
function faultOfKey(form: string | undefined, rkey: string): string | undefined {
  const says = (wanted: string) => `its key is ${JSON.stringify(rkey.slice(0, 100))}, and must be ${wanted}`
  if (form === 'tid') return isTid(rkey) ? undefined : says('a TID')
  if (form === 'nsid') return isNsid(rkey) ? undefined : says('an NSID')
  const literal = form?.startsWith('literal:') ? form.slice('literal:'.length) : rkey
  return literal === rkey ? undefined : says(JSON.stringify(literal))
}

/** The first fault that the lexicon's own schema finds, and where. */
function issueIn(error: unknown, definition: string | undefined): { path: string; message: string } | undefined {
  const [issue] = (error as { issues?: { path: (string | number)[]; message: string }[] }).issues ?? []
  if (!issue) return undefined
  // A definition's faults have paths from the definition on.
  const path = definition !== undefined && issue.path[0] !== 'defs' ? ['defs', definition, ...issue.path] : issue.path
  return { path: path.join('.'), message: issue.message.split('\n')[0] ?? '' }
}

/** The first definition that cannot stand by itself. */
function faultyDefinition(document: LexiconDoc): string | undefined {
  const { parseLexiconDoc } = library()
  return Object.entries(document.defs).find(([name, definition]) => {
    try {
      parseLexiconDoc({ ...document, defs: { [name]: definition } })
      return false
    } catch (error) {
      if (error instanceof Error) return true
      throw error
    }
  })?.[0]
}

/**
 * A lexicon as it is uploaded: https://atproto.com/specs/lexicon
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
  const { Lexicons, parseLexiconDoc } = library()
  const flat = withoutInline(raw as Json) as unknown as LexiconDoc
  try {
    const document = parseLexiconDoc(flat)
    // Parsed alone it may still contradict itself.
    new Lexicons([document])
    return { id, type: document.defs.main?.type ?? null, document: raw as Json }
  } catch (error) {
    const issue = issueIn(error, faultyDefinition(flat))
    if (!issue) throw error
    return refuse(['lexicon_json', issue.path].filter(Boolean).join('.'), `has a fault (${issue.message})`)
  }
}
