import { lookup as dnsLookup, type LookupAddress } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { Fatal } from '../base/errors'

/*
 * For URLs that come from data (a PDS, a did:web, a webhook): they must not reach into our own network.
 * Special-purpose addresses: https://www.iana.org/assignments/iana-ipv4-special-registry and -ipv6-.
 */

const PRIVATE_4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const
/** Inside the one block of global unicast: Teredo and others, documentation, 6to4. */
const PRIVATE_6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const

const private4 = new BlockList()
for (const [net, bits] of PRIVATE_4) private4.addSubnet(net, bits, 'ipv4')
const global6 = new BlockList()
global6.addSubnet('2000::', 3, 'ipv6')
const private6 = new BlockList()
for (const [net, bits] of PRIVATE_6) private6.addSubnet(net, bits, 'ipv6')

/** Whether an IP address can be reached by everybody on the internet. */
export function isPublic(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !private4.check(address, 'ipv4')
  return family === 6 && global6.check(address, 'ipv6') && !private6.check(address, 'ipv6')
}

/** Names of the machine itself or of a local network (RFC 6761, RFC 6762, RFC 8375). */
const LOCAL_NAME = /(^|\.)(localhost|local|internal|home\.arpa)\.?$/i

const refused = (text: string, why: string) => new Fatal('forbidden_url', `${text} ${why}`)

/**
 * A URL from data, checked as far as its text goes; `guardedLookup` checks the address that is connected to.
 * @throws {Fatal} `forbidden_url`
 */
export function guardedUrl(text: string, { allowPrivate = false } = {}): URL {
  if (!URL.canParse(text)) throw refused(JSON.stringify(text.slice(0, 200)), 'is not a URL')
  const url = new URL(text)
  const shown = `${url.protocol}//${url.host}`
  if (url.username || url.password) throw refused(shown, 'carries credentials, which are never sent to a host named by data')
  if (url.protocol !== 'https:' && !(allowPrivate && url.protocol === 'http:')) throw refused(shown, 'is not https')
  if (allowPrivate) return url
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) ? !isPublic(host) : LOCAL_NAME.test(host)) {
    throw refused(shown, 'is not a public address (ALLOW_PRIVATE_HOSTS=true opens loopback and private addresses)')
  }
  return url
}

/** A resolver for sockets that refuses a name as soon as one of its addresses is not public: what is checked is what is connected to. */
export function guardedLookup(allowPrivate: boolean, resolve: typeof dnsLookup = dnsLookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => {
      if (error) return callback(error, '', 0)
      const hidden = addresses.find(({ address }) => !isPublic(address))
      if (hidden && !allowPrivate) {
        return callback(
          Object.assign(new Error(`${hostname} resolves to ${hidden.address}, not a public address`), { code: 'EPRIVATE' }),
          '',
          0,
        )
      }
      const [first] = addresses
      if (options.all) return callback(null, addresses)
      callback(
        first ? null : Object.assign(new Error(`${hostname} has no address`), { code: 'ENOTFOUND' }),
        first?.address ?? '',
        first?.family ?? 0,
      )
    })
  }
}
