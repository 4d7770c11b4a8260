module.exports = { testMatch: ['**/jest.spec.mjs', '**/jest.copies.mjs'], transform: {} };
