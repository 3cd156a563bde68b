/*
 * The JSON of a block of dag-cbor, written without the help of any library that the product reads with: keys that JavaScript's
 * objects have a meaning for stay what they are.
 */

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'
const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function base32(bytes) {
  let out = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      out += BASE32[(held >> bits) & 31]
    }
    held &= (1 << bits) - 1
  }
  return bits > 0 ? out + BASE32[(held << (5 - bits)) & 31] : out
}

/** A CID in its binary form, as text. */
const cidText = (bytes) => `b${base32(bytes)}`

/** @returns JSON text, as the protocol writes bytes and links in it */
export function jsonOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  const take = (length) => {
    if (at + length > bytes.length) throw new Error('the block is cut')
    at += length
    return bytes.subarray(at - length, at)
  }
  const size = (short) => {
    if (short < 24) return short
    const start = at
    take(2 ** (short - 24))
    if (short === 24) return view.getUint8(start)
    if (short === 25) return view.getUint16(start)
    if (short === 26) return view.getUint32(start)
    return Number(view.getBigUint64(start))
  }
  const many = (length, one) => Array.from({ length }, one).join(',')
  function value() {
    const head = take(1)[0]
    const kind = head >> 5
    const short = head & 31
    if (kind === 7) {
      if (short === 20) return 'false'
      if (short === 21) return 'true'
      if (short === 22) return 'null'
      throw new Error(`the block has a value of the kind 7/${short}, which a record may not have`)
    }
    const n = size(short)
    if (kind === 0) return String(n)
    if (kind === 1) return String(-1 - n)
    if (kind === 2) return `{"$bytes":${JSON.stringify(Buffer.from(take(n)).toString('base64').replace(/=+$/, ''))}}`
    if (kind === 3) return JSON.stringify(text.decode(take(n)))
    if (kind === 4) return `[${many(n, value)}]`
    if (kind === 5) return `{${many(n, () => `${value()}:${value()}`)}}`
    if (n !== 42) throw new Error(`the block has a tag ${n}`)
    const length = size(take(1)[0] & 31)
    return `{"$link":"${cidText(take(length).subarray(1))}"}`
  }
  const json = value()
  if (at !== bytes.length) throw new Error('the block goes on behind its value')
  return json
}

/** JSON with the keys of its objects sorted, so that what is equal is equal as text. */
export function canonical(json) {
  const sorted = (value) => {
    if (Array.isArray(value)) return `[${value.map(sorted).join(',')}]`
    if (typeof value !== 'object' || value === null) return JSON.stringify(value)
    const keys = Object.keys(value).sort()
    return `{${keys.map((key) => `${JSON.stringify(key)}:${sorted(value[key])}`).join(',')}}`
  }
  return sorted(JSON.parse(json))
}
