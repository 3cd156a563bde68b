import type { Readable } from 'node:stream'
import { RetryLater } from '../base/errors'
import type { ByteRange, RawAnswer } from '../contract'

/*
 * Reads a part of a file. An upstream may answer with that part (206), with the whole file (200), or that the file ends before it (416).
 */

/** The headers that ask for a part. Offsets count bytes of the file itself, so it must not be compressed on its way. */
export function rangeHeaders({ from, to }: ByteRange, maxBytes: number): Record<string, string> {
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 0 || to < from || to - from >= maxBytes)
    throw new RangeError(`bytes ${from} to ${to} are no range of at most ${maxBytes} bytes`)
  return { Range: `bytes=${from}-${to}`, 'Accept-Encoding': 'identity' }
}

type Headers = RawAnswer['headers']
type Read = Pick<RawAnswer, 'text' | 'bytes' | 'range'> & { received: number }

/**
 * Reads the body of an answer to a request for `asked`. Holds that part in memory, and no more of the file.
 * @param what the request, for errors
 * @param maxBytes the longest body of an answer that is neither the part nor the file
 * @throws {RetryLater} `range` when the answer does not fit the request, `connection` when the body breaks off, `too_large`
 */
export async function readRange(
  body: Readable,
  { status, headers }: Pick<RawAnswer, 'status' | 'headers'>,
  asked: ByteRange,
  what: string,
  maxBytes: number,
): Promise<Read> {
  const reject = (why: string) => new RetryLater('range', `${what}: asked for bytes ${asked.from} to ${asked.to}, ${why}`)
  try {
    if (status === 206) return await readPart(body, headers, asked, reject)
    if (status === 200) return await readThrough(body, headers, asked, reject)
    const text = await readText(body, maxBytes, what)
    return status === 416 ? { ...text, ...pastEnd(headers, asked, reject) } : text
  } catch (error) {
    if (error instanceof RetryLater) throw error
    const { code = '' } = error as { code?: string }
    // From the socket, amid the body.
    if (/^(E(?!RR_)|ERR_STREAM_PREMATURE_CLOSE|ERR_SSL|HPE_)/.test(code)) {
      throw new RetryLater('connection', `${what}: the connection was lost before the body ended (${code})`)
    }
    throw error
  } finally {
    // What is left of the file is not read: that closes the connection, instead of emptying it for the next request.
    body.destroy()
  }
}

type Reject = (why: string) => RetryLater

function checkEncoding(headers: Headers, reject: Reject): void {
  const encoding = headers['content-encoding']?.trim().toLowerCase()
  if (encoding && encoding !== 'identity') throw reject(`uncompressed, but the answer is compressed (${encoding.slice(0, 20)})`)
}

/** Exactly the bytes that Content-Range names. */
async function readPart(body: Readable, headers: Headers, asked: ByteRange, reject: Reject): Promise<Read> {
  checkEncoding(headers, reject)
  const named = headers['content-range'] ?? ''
  const [, first, last, size] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(named.trim()) ?? []
  const [from, to, total] = [Number(first), Number(last), size === '*' ? null : Number(size)]
  if (first === undefined || from !== asked.from || to < from || to > asked.to || (total !== null && total <= to))
    throw reject(`but the answer has ${named ? `Content-Range: ${named.slice(0, 80)}` : 'no Content-Range'}`)
  const { bytes, received } = await readBytes(body, 0, to - from + 1, true)
  if (received !== to - from + 1)
    throw reject(`but the body is ${received > to - from + 1 ? 'longer' : 'shorter'} than its Content-Range: ${named}`)
  return { text: '', bytes, received, range: { from, to, total } }
}

/** The part, out of the whole file. */
async function readThrough(body: Readable, headers: Headers, asked: ByteRange, reject: Reject): Promise<Read> {
  checkEncoding(headers, reject)
  const length = headers['content-length']
  const { bytes, received } = await readBytes(body, asked.from, asked.to - asked.from + 1)
  const isWhole = received < asked.to + 1
  // Without a length, a lost connection looks like the end of the file.
  if (isWhole && length === undefined && !headers['transfer-encoding']?.toLowerCase().includes('chunked'))
    throw reject(`but the answer ended after ${received} bytes and does not say how long the file is`)
  const total = length === undefined ? (isWhole ? received : null) : Number(length)
  return { text: '', bytes, received, range: { from: asked.from, to: asked.from + bytes.length - 1, total } }
}

/** The file ends before the part begins, and says where. */
function pastEnd(headers: Headers, { from }: ByteRange, reject: Reject): Pick<Read, 'bytes' | 'range'> {
  const named = headers['content-range'] ?? ''
  const [, size] = /^bytes \*\/(\d{1,15})$/i.exec(named.trim()) ?? []
  if (size === undefined || Number(size) > from)
    throw reject(`but the answer is 416 with ${named ? `Content-Range: ${named.slice(0, 80)}` : 'no Content-Range'}`)
  return { bytes: new Uint8Array(), range: { from, to: from - 1, total: Number(size) } }
}

/**
 * Up to `length` bytes after the first `skip`. Stops once it has them, or, where more would be an error, at the first byte after them.
 * @returns also how many bytes arrived until then
 */
async function readBytes(body: Readable, skip: number, length: number, mayNotBeMore = false): Promise<{ bytes: Buffer; received: number }> {
  // Copied: a chunk that is kept would keep the block of memory that it is a view of.
  const kept = Buffer.allocUnsafe(length)
  let received = 0
  const end = skip + length
  for await (const chunk of body as AsyncIterable<Buffer>) {
    const at = received - skip
    if (at + chunk.length > 0 && at < length) chunk.copy(kept, Math.max(0, at), Math.max(0, -at))
    received += chunk.length
    if (received > end || (received === end && !mayNotBeMore)) break
  }
  return { bytes: kept.subarray(0, Math.min(length, Math.max(0, received - skip))), received }
}

async function readText(body: Readable, maxBytes: number, what: string): Promise<{ text: string; received: number }> {
  const chunks: Buffer[] = []
  let received = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    received += chunk.length
    if (received > maxBytes) throw new RetryLater('too_large', `${what} answered more than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return { text: Buffer.concat(chunks).toString('utf8'), received }
}
