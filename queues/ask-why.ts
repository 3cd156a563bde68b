import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/*
 * When the broker closes a connection instead of opening its vhost, amqplib does not pass on the broker's text, and only that text says
 * whether the vhost is missing or full. So the broker is asked once more, in the few frames that takes (AMQP 0-9-1, 2.2.4).
 */

const ANSWER_MS = 5_000
const METHOD = 1
const END = 0xce
const CONNECTION = 10
const START = 10
const TUNE = 30
const OPEN_OK = 41
const CLOSE = 50

const short = (text: string): Buffer => Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)])
const long = (bytes: Buffer): Buffer => Buffer.concat([uint32(bytes.length), bytes])
function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** A method of the class connection, on channel 0. */
function frame(method: number, ...fields: Buffer[]): Buffer {
  const payload = Buffer.concat([Buffer.from([0, CONNECTION, 0, method]), ...fields])
  return Buffer.concat([Buffer.from([METHOD, 0, 0]), uint32(payload.length), payload, Buffer.from([END])])
}

/** The answer to a method of the broker; undefined when it expects none. */
function reply(url: URL, method: number, fields: Buffer): Buffer | undefined {
  const [user, password] = url.username || url.password ? [url.username, url.password].map(decodeURIComponent) : ['guest', 'guest']
  if (method === START) return frame(11, uint32(0), short('PLAIN'), long(Buffer.from(`\0${user}\0${password}`)), short('en_US'))
  if (method === TUNE) {
    const vhost = decodeURIComponent(url.pathname.slice(1)) || '/'
    return Buffer.concat([frame(31, fields), frame(40, short(vhost), short(''), Buffer.from([0]))])
  }
  return undefined
}

/**
 * Asks the broker to open the vhost of this URL.
 * @returns the text of its refusal; undefined when it opens the vhost now
 * @throws when it does not answer within 5 s, or in another way
 */
export async function askWhy(address: string): Promise<string | undefined> {
  const url = new URL(address)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const socket: Socket =
    url.protocol === 'amqps:'
      ? connectTls({ host, port: Number(url.port || 5671), servername: isIP(host) ? undefined : host })
      : connectTcp({ host, port: Number(url.port || 5672) })
  socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error(`no answer within ${ANSWER_MS} ms`)))
  try {
    socket.write(Buffer.from('AMQP\0\0\x09\x01', 'latin1'))
    return await readVerdict(socket, url)
  } finally {
    socket.destroy()
  }
}

async function readVerdict(socket: Socket, url: URL): Promise<string | undefined> {
  let read = Buffer.alloc(0)
  for await (const chunk of socket) {
    read = Buffer.concat([read, chunk as Buffer])
    while (read.length >= 7 && read.length >= 8 + read.readUInt32BE(3)) {
      const size = read.readUInt32BE(3)
      const method = read.readUInt16BE(9)
      const fields = read.subarray(11, 7 + size)
      read = read.subarray(8 + size)
      if (method === OPEN_OK) return undefined
      if (method === CLOSE) return fields.toString('utf8', 3, 3 + (fields[2] ?? 0))
      const answer = reply(url, method, fields)
      if (!answer) throw new Error(`unexpected AMQP method ${method}`)
      socket.write(answer)
    }
  }
  throw new Error('the connection was closed without a reason')
}
