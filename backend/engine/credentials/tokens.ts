import { z } from 'zod'
import { secretsIn, secretsOf } from '../../base/redact'
import type { Sealer } from '../../base/seal'
import type { CredentialKind, Source, Tokens } from '../../contract'
import { contextOf } from './rows'

const schema: z.ZodType<Tokens> = z.strictObject({
  access: z.string().min(1),
  refresh: z.string().min(1).optional(),
  expiresAt: z.iso.datetime({ offset: true }).optional(),
  host: z.string().min(1).optional(),
  extra: z.record(z.string(), z.string()).optional(),
})

/** @throws {Error} when the source does not declare this kind */
export function kindOf(source: Source, kind: string): CredentialKind {
  const how = source.credentials?.[kind]
  if (!how) throw new Error(`The source ${source.name} has no credentials of the kind ${kind}: name it in its credentials.`)
  return how
}

/** What is stored of these tokens. @throws {Error} naming the field that is not as it must be, without its value */
export function sealTokens(sealer: Sealer, id: string, tokens: Tokens): { sealed: string; expiresAt: string | null } {
  const parsed = schema.safeParse(tokens)
  const issue = parsed.error?.issues[0]
  if (!parsed.success)
    throw new Error(`The tokens of ${id} are not as they must be: ${issue?.path.join('.') || 'tokens'} (${issue?.code}). Fix the source.`)
  return { sealed: sealer.seal(JSON.stringify(parsed.data), contextOf(id)), expiresAt: parsed.data.expiresAt ?? null }
}

/** @throws {KeyMissing} or {Unsealable} */
export const openTokens = (sealer: Sealer, id: string, sealed: string): Tokens => JSON.parse(sealer.open(sealed, contextOf(id))) as Tokens

/** The texts of these tokens that must never be shown. */
export const secretsOfTokens = ({ access, refresh, extra }: Tokens): string[] =>
  secretsIn([access, ...(refresh === undefined ? [] : [refresh]), ...secretsOf(extra ?? {})])
