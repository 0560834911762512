export const logIn = {
  title: "登录控制台",
  who: "手机号或邮箱",
  password: "密码",
  show: "显示密码",
  hide: "隐藏密码",
  submit: "登录",
  submitting: "正在登录…",
  again: "在此设备重新登录",
  otherAccount: "使用其他账号登录",
  needWho: "请输入手机号或邮箱",
  needPassword: "请输入密码",
  wrong: "账号或密码不正确",
  waitFor: (seconds: number) => `尝试过于频繁，请在 ${seconds} 秒后重试`,
  noStaff: {
    title: "此账号不是客服或管理员",
    text: "控制台仅供客服与管理员使用，已为你退出登录。请使用工作账号登录。",
  },
  limit: "登录设备已达上限，请先在其他设备上退出登录。",
  unreachable: "暂时连不上服务，请检查网络后重试。",
  ended: {
    SESSION_EXPIRED: {
      title: "登录已到期",
      text: "为了安全，每次登录都有最长时限。重新登录即可继续。",
    },
    SESSION_IDLE: {
      title: "长时间未操作，已退出",
      text: "这段时间没有任何操作。重新登录即可继续，草稿还在。",
    },
    SESSION_REPLACED: {
      title: "账号已在别处登录",
      text: "同一账号在另一台设备或浏览器登录，这里因此退出。若在此重新登录，对方将被退出；如非本人操作，请登录后修改密码。",
    },
    SESSION_DEACTIVATED: {
      title: "管理员结束了此次登录",
      text: "如有疑问请联系管理员。确认后可以重新登录。",
    },
    SESSION_REVOKED: {
      title: "此次登录已在另一台设备上被移除",
      text: "有人在“我的登录”中移除了此设备。如非本人操作，请登录后修改密码。",
    },
    SESSION_LOGGED_OUT: { title: "已退出登录", text: "期待再次见到你。" },
    PASSWORD_CHANGED: { title: "密码已修改", text: "所有设备都已退出，请用新密码登录。" },
    REUSE_DETECTED: {
      title: "检测到登录凭证被重复使用",
      text: "可能有人复制了你的登录凭证，为安全起见已结束此次登录。请登录后立即修改密码。",
    },
    USER_INACTIVE: {
      title: "账号已停用",
      text: "此账号目前不能登录，再次尝试不会有帮助。请联系管理员。",
    },
  },
};
