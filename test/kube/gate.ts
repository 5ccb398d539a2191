/** A way to a server that a test can shut: what is under way breaks, and nothing gets through until it is opened again. */
import { readFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { tempFolder } from '../support/temp-folder.ts'

export interface Gate {
  /** Of the server behind it. */
  readonly kubeconfig: string
  shut(): void
  open(): void
}

export async function gateTo(url: string, kubeconfig: string): Promise<Gate> {
  const { port } = new URL(url)
  const sockets = new Set<Socket>()
  let isShut = false
  const server = createServer((near) => {
    if (isShut) return void near.destroy()
    const far = connect(Number(port), '127.0.0.1')
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => void (sockets.delete(one), other.destroy()))
      one.pipe(other)
    }
    return undefined
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const end = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  onTestFinished(() => {
    end()
    server.close()
  })
  const own = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    kubeconfig: tempFolder().write('kubeconfig', readFileSync(kubeconfig, 'utf8').replaceAll(url, own)),
    shut() {
      isShut = true
      end()
    },
    open: () => void (isShut = false),
  }
}
