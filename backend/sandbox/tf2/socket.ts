import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { SandboxSocket } from '../base/source'
import { eventOf } from './documents'
import type { Market } from './market'

/** The stream of events: every client gets what happens from now on, in frames of one or several. */
export class EventSocket implements SandboxSocket {
  readonly name = 'backpacktf-events'
  readonly prefix = '/backpacktf-events'
  readonly env = 'BACKPACK_TF_WS_URL'
  private readonly server = new WebSocketServer({ noServer: true })
  private readonly clients = new Set<WebSocket>()

  constructor(market: Market) {
    market.listen((events) => this.send(JSON.stringify(events.map(eventOf))))
  }

  connect(request: IncomingMessage, connection: Duplex, head: Buffer): void {
    this.server.handleUpgrade(request, connection, head, (client) => {
      this.clients.add(client)
      client.on('close', () => this.clients.delete(client))
      // A client that breaks off is gone, whatever it broke.
      client.on('error', () => client.terminate())
    })
  }

  /** Clients that listen now. */
  get listening(): number {
    return this.clients.size
  }

  /** Sends any frame: an odd one, or an empty one. */
  send(frame: string): void {
    for (const client of this.clients) client.send(frame)
  }

  /** Ends every connection. */
  drop(): void {
    for (const client of this.clients) client.terminate()
  }
}
