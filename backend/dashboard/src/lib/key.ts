/** A random key; also where the page is served without TLS and `crypto.randomUUID` is not available. */
export const newKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
