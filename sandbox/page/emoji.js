// Names of the emoji that support teams use; any other name stays readable as :name:.

const TABLE = `white_check_mark ✅|heavy_check_mark ✔️|x ❌|warning ⚠️|rotating_light 🚨|hourglass_flowing_sand ⏳|hourglass ⌛|bell 🔔|no_bell 🔕|zzz 💤|
phone ☎️|telephone_receiver 📞|iphone 📱|speech_balloon 💬|envelope ✉️|email 📧|inbox_tray 📥|outbox_tray 📤|incoming_envelope 📨|memo 📝|pencil ✏️|pencil2 ✏️|
lock 🔒|unlock 🔓|key 🔑|eyes 👀|wave 👋|+1 👍|thumbsup 👍|-1 👎|thumbsdown 👎|ok_hand 👌|clap 👏|raised_hands 🙌|pray 🙏|muscle 💪|point_right 👉|raising_hand 🙋|
tada 🎉|rocket 🚀|fire 🔥|sparkles ✨|star ⭐|heart ❤️|bulb 💡|mag 🔍|link 🔗|paperclip 📎|pushpin 📌|calendar 📆|date 📅|clock1 🕐|alarm_clock ⏰|stopwatch ⏱️|
smile 😄|slightly_smiling_face 🙂|grin 😁|joy 😂|thinking_face 🤔|cry 😢|sob 😭|rage 😡|sweat_smile 😅|wink 😉|sunglasses 😎|robot_face 🤖|bust_in_silhouette 👤|busts_in_silhouette 👥|
red_circle 🔴|large_orange_circle 🟠|large_yellow_circle 🟡|large_green_circle 🟢|large_blue_circle 🔵|white_circle ⚪|black_circle ⚫|arrow_right ➡️|arrow_up ⬆️|arrow_down ⬇️|
leftwards_arrow_with_hook ↩️|arrows_counterclockwise 🔄|repeat 🔁|no_entry ⛔|no_entry_sign 🚫|stop_sign 🛑|question ❓|exclamation ❗|information_source ℹ️|computer 💻|wrench 🔧|hammer_and_wrench 🛠️|gear ⚙️|
moon 🌙|crescent_moon 🌙|sunny ☀️|coffee ☕|fork_and_knife 🍴|house 🏠|office 🏢|construction 🚧|ticket 🎫|label 🏷️|scroll 📜|clipboard 📋|bar_chart 📊|globe_with_meridians 🌐|de 🇩🇪|gb 🇬🇧`;

const NAMES = new Map(TABLE.replaceAll("\n", "").split("|").map((row) => row.split(" ")));

/** The character for a name (skin tones dropped), or ":name:". */
export function emoji(name) {
  const plain = String(name).split("::")[0];
  return NAMES.get(plain) ?? `:${plain}:`;
}
