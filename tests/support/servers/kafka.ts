/** temporary */
export const kafkaAddress = () => process.env['SAMBAND_TEST_KAFKA'] ?? '127.0.0.1:21000'
