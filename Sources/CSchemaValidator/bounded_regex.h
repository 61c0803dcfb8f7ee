#pragma once

// The most states of one regular expression; more is an error when it is compiled.
#define _GLIBCXX_REGEX_STATE_LIMIT 4096

#include <memory>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

/// A regular expression over code points that takes no more than polynomial time and little stack.
///
/// std::regex backtracks: `(a+)+$` takes exponential time, and `(a|b)*` overflows the stack on a
/// long text. The breadth-first matcher of libstdc++ does neither; it has no back-references.
class BoundedRegex {
 public:
  static constexpr size_t longestPattern = 1024;
  static constexpr size_t longestText = 16384;

  explicit BoundedRegex(const std::string &pattern) {
    if (pattern.size() > longestPattern) {
      throw std::invalid_argument("a pattern has more than 1024 bytes");
    }
    const auto wide = decode(pattern);
    const auto flags = std::regex_constants::ECMAScript | std::regex_constants::__polynomial;
    whole = std::make_shared<const std::wregex>(wide, flags);
    // The prefix lets one pass from the start find a match anywhere: a search restarts at each
    // character.
    anywhere = std::make_shared<const std::wregex>(L"[\\s\\S]*(?:" + wide + L")", flags);
  }

  bool search(const std::string &text) const {
    const auto wide = decode(text);
    if (wide.size() > longestText) return false;
    return std::regex_search(
        wide, *anywhere, std::regex_constants::match_continuous | std::regex_constants::match_any);
  }

  bool match(const std::string &text, std::wsmatch &groups, std::wstring &wide) const {
    wide = decode(text);
    if (wide.size() > longestText) return false;
    return std::regex_match(wide, groups, *whole);
  }

  /// The code points of UTF-8 that is known to be valid.
  static std::wstring decode(const std::string &text) {
    std::wstring wide;
    wide.reserve(text.size());
    for (size_t i = 0; i < text.size();) {
      const auto lead = static_cast<unsigned char>(text[i]);
      const size_t count = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
      wchar_t point = count == 1 ? lead : lead & (0xFF >> (count + 1));
      for (size_t k = 1; k < count && i + k < text.size(); ++k) {
        point = (point << 6) | (static_cast<unsigned char>(text[i + k]) & 0x3F);
      }
      wide.push_back(point);
      i += count;
    }
    return wide;
  }

 private:
  std::shared_ptr<const std::wregex> whole;
  std::shared_ptr<const std::wregex> anywhere;
};

// valijson says std::regex inside its own namespace. This namespace comes first in that lookup and
// stands for all of std, but with the bounded expressions in place of std's.
namespace valijson {
namespace std {
using namespace ::std;

class regex : public ::BoundedRegex {
 public:
  explicit regex(const ::std::string &pattern) : ::BoundedRegex(pattern) {}
};

class smatch {
 public:
  struct Group {
    ::std::string text;
    const ::std::string &str() const { return text; }
  };
  Group operator[](size_t index) const { return groups.at(index); }
  ::std::vector<Group> groups;
};

inline bool regex_search(const ::std::string &text, const regex &pattern) {
  return pattern.search(text);
}

inline bool regex_match(const ::std::string &text, smatch &groups, const regex &pattern) {
  ::std::wsmatch found;
  ::std::wstring wide;
  if (!pattern.match(text, found, wide)) return false;
  groups.groups.clear();
  for (const auto &group : found) {
    // Only the formats of dates and times ask for groups, and theirs are ASCII.
    groups.groups.push_back({::std::string(group.first, group.second)});
  }
  return true;
}

inline bool regex_match(const ::std::string &text, const regex &pattern) {
  smatch groups;
  return regex_match(text, groups, pattern);
}
}  // namespace std
}  // namespace valijson
