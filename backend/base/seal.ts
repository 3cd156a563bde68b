import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { Refused } from './errors'

/*
 * Secrets at rest: AES-256-GCM with a random nonce for each text. The sealed text names its key, so that keys can be rotated, and is
 * bound to its row (the context), so that it cannot be moved to another one.
 */

/** Bytes of a nonce and a tag. */
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** `sealed.<key id>.<base64url of nonce, tag and ciphertext>`. */
const SEALED = /^sealed\.([0-9a-f]{8})\.([\w-]+)$/

/** Seals and opens texts with the keys of `TOKEN_KEY`. */
export interface Sealer {
  /** The ids of its keys: the first one seals, all of them open. */
  readonly keyIds: readonly string[]
  /**
   * @param context what the text belongs to, such as its table and the id of its row; the same is needed to open it
   * @throws {Refused} `setup` without a key
   */
  seal(text: string, context: string): string
  /**
   * @throws {KeyMissing} when none of the keys sealed the text
   * @throws {Unsealable} when the text was changed, or sealed for another context
   */
  open(sealed: string, context: string): string
}

/** `TOKEN_KEY` lacks the key that sealed a text. */
export class KeyMissing extends Refused {
  constructor(readonly keyId: string) {
    super('setup', `TOKEN_KEY lacks the key ${keyId}, which sealed this secret: add it after the first key, then restart.`, 'TOKEN_KEY')
  }
}

/** A sealed text that its key does not open. */
export class Unsealable extends Error {
  override name = 'Unsealable'
}

/** A key is named by the start of its hash, which tells nothing about it. */
const idOf = (key: Buffer): string => createHash('sha256').update('backhaul key id\0').update(key).digest('hex').slice(0, 8)

/** The id of the key that sealed a text; undefined for a text that is not sealed. */
export const keyIdOf = (text: string): string | undefined => SEALED.exec(text)?.[1]

/** @param keys of 32 bytes each; without any, nothing can be sealed or opened */
export function createSealer(keys: readonly Buffer[]): Sealer {
  const byId = new Map(keys.map((key) => [idOf(key), key]))
  const keyIds = [...byId.keys()]
  return {
    keyIds,
    seal(text, context) {
      const [id] = keyIds
      const key = byId.get(id ?? '')
      if (!key) throw new Refused('setup', 'TOKEN_KEY is not set, so no secret can be stored: set TOKEN_KEY in .env.', 'TOKEN_KEY')
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context))
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return `sealed.${id}.${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url')}`
    },
    open(sealed, context) {
      const [, id = '', packed = ''] = SEALED.exec(sealed) ?? []
      if (!id) throw new Unsealable('not a sealed text')
      const key = byId.get(id)
      if (!key) throw new KeyMissing(id)
      const bytes = Buffer.from(packed, 'base64url')
      const [nonce, tag] = [bytes.subarray(0, NONCE_BYTES), bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES)]
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
          .setAAD(Buffer.from(context))
          .setAuthTag(tag)
        return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8')
      } catch (error) {
        throw new Unsealable('the sealed text was changed, or belongs to another row', { cause: error })
      }
    },
  }
}

/** Seals and opens nothing. */
export const NO_KEY: Sealer = createSealer([])
