import { z } from 'zod'
import type { Io } from '../../contract'
import { getDocument, resolveHandle } from './client'
import { hostOf, isAccount } from './hosts'
import { isHandle } from './syntax'

/** What an identity's document says, as far as it can be believed. */
export type Identity =
  | { pds: string; handle: string | null }
  /** The account is no more. */
  | { gone: string }
  /** Nothing can be read until the document is repaired. */
  | { fault: string; text: string }

const service = z.object({ id: z.string(), type: z.string(), serviceEndpoint: z.unknown() })
const document = z.object({
  id: z.string(),
  alsoKnownAs: z.array(z.string()).nullish(),
  service: z.array(z.unknown()).nullish(),
})

/** @throws {RetryLater} {@link Throttled} {@link Fatal} of the directory, or of the host of a did:web */
export async function identify(io: Io, did: string): Promise<Identity> {
  const found = await getDocument(io, did)
  if ('document' in found) return readDocument(did, found.document)
  return found.none === 'tombstoned' ? { gone: 'gone' } : { fault: 'did_not_found', text: `${did} is not registered` }
}

/** Stands for a handle that has proved wrong: https://atproto.com/specs/handle */
const NO_HANDLE = 'handle.invalid'

/** The first AT Protocol host of a document, whose id may be whole or a fragment: https://atproto.com/specs/did */
export function readDocument(did: string, raw: unknown): Identity {
  const parsed = document.safeParse(raw)
  if (!parsed.success) return { fault: 'did_document', text: `the document of ${did} is none (${parsed.error.issues[0]?.message})` }
  const { id } = parsed.data
  const [alsoKnownAs, services] = [parsed.data.alsoKnownAs ?? [], parsed.data.service ?? []]
  if (id !== did) return { fault: 'did_document', text: `the document of ${did} is one of ${JSON.stringify(id.slice(0, 100))}` }
  const mine = services
    .flatMap((one) => service.safeParse(one).data ?? [])
    .find((one) => [`#atproto_pds`, `${did}#atproto_pds`].includes(one.id) && one.type === 'AtprotoPersonalDataServer')
  if (!mine) return { fault: 'no_pds', text: `the document of ${did} names no PDS` }
  const host = hostOf(mine.serviceEndpoint)
  if (typeof host !== 'string') {
    const shown = JSON.stringify(mine.serviceEndpoint)?.slice(0, 100)
    return { fault: 'pds_address', text: `the PDS in the document of ${did} ${host.fault}: ${shown}` }
  }
  const known = alsoKnownAs
    .find((name) => name.startsWith('at://'))
    ?.slice('at://'.length)
    .toLowerCase()
  return { pds: host, handle: isHandle(known) && known !== NO_HANDLE ? known : null }
}

/** The DID of a handle, or the fault in words. */
export async function didOf(io: Io, handle: string): Promise<{ did: string } | { fault: string; text: string }> {
  const did = await resolveHandle(io, handle)
  if (did === undefined) return { fault: 'handle_not_found', text: `the handle ${handle} stands for no DID` }
  if (!isAccount(did))
    return { fault: 'handle_not_found', text: `the handle ${handle} stands for ${JSON.stringify(did.slice(0, 60))}, which is no DID` }
  return { did }
}
