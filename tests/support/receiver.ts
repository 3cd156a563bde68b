import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** One request a receiver got. */
export interface Received {
  path: string
  headers: IncomingHttpHeaders
  /** As it came, byte for byte. */
  body: string
}

/** Answers with a status, or never. */
export type Answer = number | 'hang' | { status: number; headers?: Record<string, string>; text?: string }

export interface Receiver {
  url: string
  port: number
  received: Received[]
  /** What every path answers from now on, or one of them. */
  answers(answer: Answer | ((received: Received) => Answer)): void
  close(): Promise<void>
}

/** Somebody who is told of events, on a port of its own. */
export async function receiver(port = 0): Promise<Receiver> {
  const received: Received[] = []
  const sockets = new Set<Socket>()
  let answer: (received: Received) => Answer = () => 204
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const one = { path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString('utf8') }
      received.push(one)
      const given = answer(one)
      if (given === 'hang') return
      const { status, headers = {}, text = '' } = typeof given === 'number' ? { status: given } : given
      response.writeHead(status, headers).end(text)
    })
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const bound = (server.address() as AddressInfo).port
  return {
    url: `http://127.0.0.1:${bound}/hook`,
    port: bound,
    received,
    answers(given) {
      answer = typeof given === 'function' ? given : () => given
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
