/** True in `npm run test:nightly`, where dear tests run whole. */
export const isNightly = process.env['SALLYPORT_NIGHTLY'] === '1';
