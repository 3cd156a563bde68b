import { isDid } from './syntax'

/**
 * The host of a service endpoint as requests name it: `pds.example.com`, or `http://127.0.0.1:2583` for one that is not https,
 * which the HTTP edge lets through to private hosts only. An endpoint is scheme, host and port:
 * https://atproto.com/specs/did#did-documents
 * @returns the fault in words where it is something else
 */
export function hostOf(endpoint: unknown): string | { fault: string } {
  if (typeof endpoint !== 'string' || !URL.canParse(endpoint)) return { fault: 'is not the address of a host' }
  const url = new URL(endpoint)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return { fault: 'is neither https nor http' }
  if (url.username || url.password) return { fault: 'carries credentials' }
  if (url.search || endpoint.includes('?')) return { fault: 'has a query' }
  if (url.hash || endpoint.includes('#')) return { fault: 'has a fragment' }
  if (url.pathname !== '/') return { fault: 'has a path' }
  return url.protocol === 'https:' ? url.host : `http://${url.host}`
}

/** Whether an identity's document is at a host of its own, and not in the directory. */
export const isWeb = (did: string): boolean => did.startsWith('did:web:')

/** The host of a did:web. A port is for localhost in tests only, and only there without TLS: https://atproto.com/specs/did */
export function webHost(did: string): string {
  const host = did.slice('did:web:'.length).replace(/%3a/i, ':')
  return /^localhost(:\d+)?$/.test(host) ? `http://${host}` : host
}

/** Identities the network knows: https://atproto.com/specs/did. A did:web is a host, without a path. */
export const isAccount = (did: string): boolean =>
  isDid(did) && (/^did:plc:[a-z2-7]{24}$/.test(did) || /^did:web:([a-z0-9-]+\.)*[a-z0-9-]+(%3a\d{1,5})?$/i.test(did))
