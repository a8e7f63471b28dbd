export type { FilePayloads, FilePayloadsOptions } from './files/file-payloads.ts'
export { createFilePayloads } from './files/file-payloads.ts'
export type {
  BeforeOperation,
  FileOperation,
  PayloadFileSystem,
  ReadableFile,
  WritableFile,
} from './files/file-system.ts'
export { aroundFileSystem, stoppableFileSystem } from './files/file-system.ts'
export type { MemoryDisk, MemoryFileSystem, Survives } from './files/memory-file-system.ts'
export { createMemoryDisk, createMemoryFileSystem } from './files/memory-file-system.ts'
export { nodeFileSystem } from './files/node-file-system.ts'
export type { TenantKeys } from './sealed/owner.ts'
