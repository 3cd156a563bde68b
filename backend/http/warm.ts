import { Agent } from 'node:http'
import { Duplex } from 'node:stream'
import axios from 'axios'

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}'

/** A fake connection that answers every request. */
class Echo extends Duplex {
  override _read(): void {
    // The answer is pushed.
  }
  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    done()
    setImmediate(() => this.push(ANSWER))
  }
  setKeepAlive = () => this
  setNoDelay = () => this
  setTimeout = () => this
  ref = () => this
  unref = () => this
}

/**
 * Makes a few requests on a fake connection. The first request of a process takes tens of milliseconds to be sent, which would
 * bring it too close to the next one, granted to another process.
 */
export async function warmUp(): Promise<void> {
  const httpAgent = new Agent()
  httpAgent.createConnection = () => new Echo() as never
  for (let n = 0; n < 3; n++) await axios.get('http://warm-up.invalid/', { httpAgent, proxy: false, maxRedirects: 0, timeout: 1_000 })
}
