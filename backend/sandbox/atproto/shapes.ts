export const WANTED = ['games.sandbox.game', 'games.sandbox.score', 'games.sandbox.profile'] as const
/** What every repo holds besides. */
export const NOISE = 'app.sandbox.post'
export const COLLECTIONS: readonly string[] = [NOISE, ...WANTED]

export const STATES = ['active', 'deactivated', 'takendown', 'suspended', 'deleted', 'tombstoned'] as const
export type RepoState = (typeof STATES)[number]

/** What is wrong with the DID document of a repo. */
export const DOCUMENTS = ['other-did', 'no-pds', 'path', 'query', 'credentials', 'private', 'link-local', 'not-https', 'html'] as const
export type BadDocument = (typeof DOCUMENTS)[number]

export const HOST_STATES = ['up', 'dead', 'slow', 'limited'] as const
export type HostState = (typeof HOST_STATES)[number]

/** Why a record is one that clients stumble over; all of them are valid. */
export type Odd = 'nul' | 'surrogate' | 'proto' | 'constructor' | 'long-rkey' | 'rkey-characters' | 'max-integer' | 'large' | 'deep'

/** A record's place in its collection; its value follows from it. */
export interface Entry {
  rkey: string
  /** Its number in the collection. */
  n: number
  /** How often it was rewritten. */
  version: number
  /** When it was made, ms since 1970. */
  at: number
  odd?: Odd
}

export type Value = { $type: string } & Record<string, unknown>

/** A record as it is listed, with the bytes its CID was made of. */
export interface SandboxRecord {
  uri: string
  cid: string
  value: Value
  bytes: Uint8Array
}
