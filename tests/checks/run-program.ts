import { spawn } from 'node:child_process'
import type { Finding } from './check.ts'

/**
 * Runs a program of the repository under this Node and turns a failure into findings: its output, one line each.
 * Nothing in the output counts when the program ends with 0.
 */
export function findByProgram(root: string, program: readonly string[]): Promise<readonly Finding[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, program, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    }
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0) return resolve([])
      const lines = output.split('\n').filter((line) => line.trim() !== '')
      const ending = `${program[0]} ended with ${signal ?? code}.`
      resolve([...lines, ending].map((message) => ({ where: '', message })))
    })
  })
}
