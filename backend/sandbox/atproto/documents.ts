import { html, type Reply } from '../base/exchange'
import type { Register } from './register'

const KEY = 'zQ3shXjHeiBuRCKmM36cuYnm7YEMzhGnCmCyW92sRJ9pribSF'
const CONTEXT = [
  'https://www.w3.org/ns/did/v1',
  'https://w3id.org/security/multikey/v1',
  'https://w3id.org/security/suites/secp256k1-2019/v1',
]

export interface DidDocument {
  '@context': string[]
  id: string
  alsoKnownAs: string[]
  verificationMethod: { id: string; type: string; controller: string; publicKeyMultibase: string }[]
  service: { id: string; type: string; serviceEndpoint: string }[]
}

/** Where the document says the repo is; a broken one says something no client may follow. */
function endpointOf(register: Register, k: number): string {
  const host = register.world.hosts[register.hostOf(k)]
  switch (register.documentOf(k)) {
    case 'path':
      return `http://${host}/some/where`
    case 'query':
      return `http://${host}/?tenant=1`
    case 'credentials':
      return `http://user:secret@${host}`
    case 'private':
      return 'http://10.0.0.1'
    case 'link-local':
      return 'http://169.254.169.254'
    case 'not-https':
      return 'http://pds.sandbox.test'
    default:
      return `http://${host}`
  }
}

/** The DID document of a repo, bad where that was asked for. */
export function documentOf(register: Register, k: number): DidDocument {
  const did = register.world.didOf(k)
  const bad = register.documentOf(k)
  // Accounts of did:web write the long form of the id, which is as good.
  const id = did.startsWith('did:web:') ? `${did}#atproto_pds` : '#atproto_pds'
  return {
    '@context': CONTEXT,
    id: bad === 'other-did' ? register.world.didOf(k === 0 ? 1 : k - 1) : did,
    alsoKnownAs: [`at://${register.world.handleOf(k)}`],
    verificationMethod: [{ id: `${did}#atproto`, type: 'Multikey', controller: did, publicKeyMultibase: KEY }],
    service:
      bad === 'no-pds'
        ? [{ id: '#sandbox_labeler', type: 'AtprotoLabeler', serviceEndpoint: 'https://labeler.sandbox.test' }]
        : [{ id, type: 'AtprotoPersonalDataServer', serviceEndpoint: endpointOf(register, k) }],
  }
}

/** The document as a server sends it. */
export const documentAnswer = (register: Register, k: number, type: string): Reply =>
  register.documentOf(k) === 'html'
    ? html('<!DOCTYPE html><html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>', 200)
    : { status: 200, headers: { 'content-type': type }, body: JSON.stringify(documentOf(register, k)) }
