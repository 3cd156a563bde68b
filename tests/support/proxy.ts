import { connect, createServer, type Socket } from 'node:net'

/** A TCP connection in the middle that can be cut. */
export interface TcpProxy {
  port: number
  /** Breaks every connection at once; new ones are let through. */
  cut(): void
  /** Lets no byte through in either direction and accepts no new connection's bytes; nobody is told. */
  pause(): void
  resume(): void
  /** Breaks every connection and refuses new ones. */
  close(): Promise<void>
}

/** Listens on a free port of 127.0.0.1, or the one given, and passes every connection on to `targetPort`. */
export async function tcpProxy(targetPort: number, targetHost = '127.0.0.1', ownPort = 0): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let paused = false
  const keep = (socket: Socket, other: Socket) => {
    sockets.add(socket)
    // A reset or refused connection ends the other half below, by `close`.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      sockets.delete(socket)
      if (sockets.has(other)) other.destroy()
    })
    socket.on('data', (bytes) => {
      if (!other.write(bytes)) socket.pause()
    })
    socket.on('drain', () => {
      if (!paused) other.resume()
    })
    socket.on('end', () => other.end())
    if (paused) socket.pause()
  }
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ port: targetPort, host: targetHost, allowHalfOpen: true })
    keep(near, far)
    keep(far, near)
  })
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject)
    server.listen(ownPort, '127.0.0.1', resolve)
  })
  // A reset waits until all is sent, and Node 20 keeps the handle of a socket for ever that somebody destroys meanwhile.
  const cut = () => {
    for (const socket of sockets) {
      sockets.delete(socket)
      if (socket.writableLength > 0) socket.destroy()
      else socket.resetAndDestroy()
    }
  }
  return {
    port: (server.address() as { port: number }).port,
    cut,
    pause() {
      paused = true
      for (const socket of sockets) socket.pause()
    },
    resume() {
      paused = false
      for (const socket of sockets) socket.resume()
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      cut()
      await closed
    },
  }
}
