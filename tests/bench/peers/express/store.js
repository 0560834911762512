// The tables, as Sequelize knows them, and what is asked of them.
import { DataTypes, Sequelize } from 'sequelize';

const { DATABASE_URL, DATABASE_MAX_CONNECTIONS } = process.env;
const { BIGINT, BOOLEAN, DATE, INTEGER, JSON: JSON_COLUMN, STRING, TEXT } = DataTypes;

export const sequelize = new Sequelize(DATABASE_URL, {
  logging: false,
  // The origin's connections read committed rows, too.
  isolationLevel: Sequelize.Transaction.ISOLATION_LEVELS.READ_COMMITTED,
  pool: { min: 0, max: Number(DATABASE_MAX_CONNECTIONS) },
  // Keys as numbers: none is beyond what a double holds.
  dialectOptions: { supportBigNumbers: true },
  define: { timestamps: false, underscored: true },
});

const text = STRING(255);
const key = (type) => ({ type, primaryKey: true, autoIncrement: true });
const model = (name, tableName, columns) => sequelize.define(name, columns, { tableName });

const User = model('user', 'users', {
  user_id: key(INTEGER),
  mobile: text,
  email: text,
  nickname: text,
  password_hash: text,
  status: text,
  role: text,
  is_vip: BOOLEAN,
  scopes: text,
  team: text,
  created_at: DATE(3),
  updated_at: DATE(3),
});

const Session = model('session', 'authentication_sessions', {
  authentication_session_id: key(BIGINT),
  session_token: text,
  user_type: text,
  user_id: INTEGER,
  client_type: text,
  is_active: BOOLEAN,
  end_reason: text,
  expires_at: DATE(3),
  last_activity: DATE(3),
  device_id: text,
  device_name: text,
  device_type: text,
  login_ip: text,
  country: text,
  city: text,
  browser: text,
  browser_version: text,
  os: text,
  os_version: text,
  risk_score: INTEGER,
  risk_causes: JSON_COLUMN,
  created_at: DATE(3),
  updated_at: DATE(3),
});
Session.belongsTo(User, { foreignKey: 'user_id', targetKey: 'user_id' });

const Listing = model('listing', 'market_listings', {
  market_listing_id: key(BIGINT),
  listing_kind: text,
  seller_user_id: INTEGER,
  offer_item_instance_id: BIGINT,
  offer_item_template_id: BIGINT,
  offer_item_category_code: text,
  offer_item_rarity: text,
  offer_item_display_name: text,
  offer_asset_group_code: text,
  offer_asset_code: text,
  offer_asset_display_name: text,
  offer_amount: BIGINT,
  price_asset_code: text,
  price_amount: BIGINT,
  status: text,
  created_at: DATE(3),
  updated_at: DATE(3),
});

const Message = model('message', 'chat_messages', {
  chat_message_id: key(BIGINT),
  customer_service_session_id: BIGINT,
  seq: BIGINT,
  sender_id: INTEGER,
  sender_type: text,
  message_source: text,
  content: TEXT,
  message_type: text,
  status: text,
  temp_message_id: text,
  created_at: DATE(3),
  updated_at: DATE(3),
});

const Conversation = model('conversation', 'customer_service_sessions', {
  customer_service_session_id: key(BIGINT),
  user_id: INTEGER,
});

/** The session that a token names, with its user, by one JOIN. */
export function sessionOf(session_token) {
  return Session.findOne({
    where: { session_token },
    include: { model: User, required: true, attributes: ['status', 'role', 'nickname', 'is_vip', 'scopes', 'team'] },
    raw: true,
    nest: true,
  });
}

export function userOf(mobile) {
  return User.findOne({ where: { mobile }, raw: true });
}

/** A page of a seller's listings, newest first. */
export function page(seller_user_id, limit, offset) {
  const order = [['created_at', 'DESC'], ['market_listing_id', 'DESC']];
  return Listing.findAll({ where: { seller_user_id }, order, limit, offset, raw: true });
}

/** How many listings of each status a seller has. */
export function counts(seller_user_id) {
  return Listing.findAll({
    attributes: ['status', [sequelize.fn('COUNT', '*'), 'listings']],
    where: { seller_user_id },
    group: ['status'],
    raw: true,
  });
}

/** Stores a message at a place in its conversation. */
export function insertMessage(message) {
  return Message.create(message);
}

/** The newest place in a conversation. */
export async function lastSeq(customer_service_session_id) {
  return (await Message.max('seq', { where: { customer_service_session_id } })) ?? 0;
}

export async function userOfConversation(customer_service_session_id) {
  return (await Conversation.findByPk(customer_service_session_id, { raw: true }))?.user_id;
}
