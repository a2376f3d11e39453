"""Slack's names of the common emoji; a name that is not here is `invalid_name`, as an unknown one is there.

Slack names emoji its own way ("white_check_mark", and there is no "white_tick"): the part a desk meets.
"""

from __future__ import annotations

_PAIRS = (
    "grinning 😀|smiley 😃|smile 😄|grin 😁|laughing 😆|sweat_smile 😅|joy 😂|"
    "rolling_on_the_floor_laughing 🤣|slightly_smiling_face 🙂|wink 😉|blush 😊|innocent 😇|"
    "heart_eyes 😍|kissing_heart 😘|yum 😋|thinking_face 🤔|neutral_face 😐|unamused 😒|"
    "grimacing 😬|sleeping 😴|mask 😷|sunglasses 😎|confused 😕|worried 😟|cry 😢|sob 😭|scream 😱|"
    "angry 😠|rage 😡|tired_face 😫|skull 💀|hankey 💩|ghost 👻|robot_face 🤖|wave 👋|"
    "raised_hand ✋|ok_hand 👌|v ✌|crossed_fingers 🤞|point_up ☝|point_right 👉|point_left 👈|"
    "point_down 👇|+1 👍|-1 👎|fist ✊|clap 👏|raised_hands 🙌|handshake 🤝|pray 🙏|muscle 💪|"
    "eyes 👀|brain 🧠|bust_in_silhouette 👤|busts_in_silhouette 👥|heart ❤|broken_heart 💔|"
    "sparkles ✨|star ⭐|fire 🔥|boom 💥|zap ⚡|sunny ☀|cloud ☁|snowflake ❄|rainbow 🌈|coffee ☕|"
    "beer 🍺|pizza 🍕|tada 🎉|trophy 🏆|dart 🎯|car 🚗|rocket 🚀|house 🏠|office 🏢|hospital 🏥|"
    "watch ⌚|hourglass ⌛|hourglass_flowing_sand ⏳|alarm_clock ⏰|stopwatch ⏱|timer_clock ⏲|"
    "phone ☎|telephone_receiver 📞|iphone 📱|calling 📲|computer 💻|desktop_computer 🖥|"
    "floppy_disk 💾|camera 📷|bulb 💡|mag 🔍|book 📖|memo 📝|pencil2 ✏|email 📧|envelope ✉|"
    "incoming_envelope 📨|envelope_with_arrow 📩|outbox_tray 📤|inbox_tray 📥|package 📦|"
    "mailbox 📫|calendar 📆|date 📅|clipboard 📋|pushpin 📌|paperclip 📎|link 🔗|scissors ✂|"
    "lock 🔒|unlock 🔓|key 🔑|hammer 🔨|wrench 🔧|gear ⚙|bell 🔔|no_bell 🔕|mega 📣|loudspeaker 📢|"
    "speech_balloon 💬|thought_balloon 💭|left_speech_bubble 🗨|zzz 💤|warning ⚠|no_entry ⛔|"
    "no_entry_sign 🚫|x ❌|heavy_check_mark ✔|white_check_mark ✅|ballot_box_with_check ☑|"
    "heavy_plus_sign ➕|heavy_minus_sign ➖|question ❓|exclamation ❗|bangbang ‼|100 💯|"
    "red_circle 🔴|large_orange_circle 🟠|large_yellow_circle 🟡|large_green_circle 🟢|"
    "large_blue_circle 🔵|large_purple_circle 🟣|black_circle ⚫|white_circle ⚪|"
    "large_red_square 🟥|large_green_square 🟩|arrow_right ➡|arrow_left ⬅|arrow_up ⬆|"
    "arrow_down ⬇|arrow_right_hook ↪|leftwards_arrow_with_hook ↩|arrows_counterclockwise 🔄|"
    "repeat 🔁|rewind ⏪|fast_forward ⏩|black_square_for_stop ⏹|double_vertical_bar ⏸|"
    "arrow_forward ▶|information_source ℹ|sos 🆘|new 🆕|ok 🆗|up 🆙|cool 🆒|free 🆓|"
    "rotating_light 🚨|construction 🚧|satellite_antenna 📡|chart_with_upwards_trend 📈|"
    "chart_with_downwards_trend 📉|bar_chart 📊|money_with_wings 💸|credit_card 💳|"
    "shopping_trolley 🛒|gift 🎁|birthday 🎂|dog 🐶|cat 🐱|bug 🐛|turtle 🐢|headphones 🎧|"
    "studio_microphone 🎙|microphone 🎤|speaker 🔈|mute 🔇|battery 🔋|electric_plug 🔌|"
    "globe_with_meridians 🌐|earth_africa 🌍|de 🇩🇪|gb 🇬🇧|us 🇺🇸|fr 🇫🇷|palm_tree 🌴|"
    "crescent_moon 🌙|night_with_stars 🌃|door 🚪|ticket 🎫|label 🏷|bookmark 🔖|wastebasket 🗑|"
    "file_folder 📁|open_file_folder 📂|page_facing_up 📄|lower_left_ballpoint_pen 🖊|"
    "writing_hand ✍|shrug 🤷|facepalm 🤦|hugging_face 🤗|partying_face 🥳|exploding_head 🤯|"
    "face_with_monocle 🧐|melting_face 🫠|saluting_face 🫡"
)
SHORT_NAMES: dict[str, str] = {
    character: name for name, character in (pair.split(" ") for pair in _PAIRS.split("|"))
}
CODES = {name: "-".join(f"{ord(one):x}" for one in character) for character, name in SHORT_NAMES.items()}
"""Code points as Slack's rich text names them ("1f600", "1f1e9-1f1ea"), by name."""
ALIASES = {
    "thumbsup",
    "thumbsdown",
    "satisfied",
    "red_car",
    "telephone",
    "e-mail",
    "point_up_2",
    "punch",
    "exclamation",
}
NAMES = {*SHORT_NAMES.values(), *ALIASES}
