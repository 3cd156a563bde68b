import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { SandboxContext } from './base/context'
import type { SandboxSocket } from './base/source'

const REFUSAL = 'HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n'

/** Hands upgrades to the socket mounted at their path, notes them in the arrival log, and ends them with the sandbox. */
export function openSockets(server: Server, sockets: SandboxSocket[], context: SandboxContext): { close(): void } {
  const connected = new Set<Duplex>()
  server.on('upgrade', (request: IncomingMessage, connection: Duplex, head: Buffer) => {
    const path = request.url ?? '/'
    const socket = sockets.find(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`) || path.startsWith(`${prefix}?`))
    if (!socket) return connection.end(REFUSAL)
    const done = context.arrivals.arrive(socket.name, {
      at: context.clock(),
      route: 'connect',
      method: request.method ?? 'GET',
      path: path.slice(socket.prefix.length) || '/',
    })
    connected.add(connection)
    connection.once('close', () => {
      connected.delete(connection)
      done(101)
    })
    // A client that leaves without a word is an end like any other.
    connection.on('error', () => connection.destroy())
    return socket.connect(request, connection, head)
  })
  return {
    close() {
      for (const connection of connected) connection.destroy()
    },
  }
}
